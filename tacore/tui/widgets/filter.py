"""The line where a filter is typed."""

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.widgets import Input

from tacore.tui.messages import FilterLeft, FilterTyped


class FilterLine(Input):
    """Tells of each key, so that the table follows at once; Enter keeps the text, Esc does not."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Forget the filter"),
        Binding("enter,down", "submit", "Keep it"),
    ]

    def on_input_changed(self, event: Input.Changed) -> None:
        """Tell of another text."""
        event.stop()
        if self.has_focus:
            self.post_message(FilterTyped(event.value, done=False))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Tell that the text is kept."""
        event.stop()
        self.post_message(FilterTyped(event.value, done=True))

    def action_leave(self) -> None:
        """Tell that it is not wanted."""
        self.post_message(FilterLeft())
