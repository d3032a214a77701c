"""The line of tabs, and beside them what is special about what is shown."""

from textual import events
from textual.content import Content
from textual.geometry import Size
from textual.widget import Widget

from tacore.tui.messages import TabChosen

TITLES = {
    "workers": "Workers",
    "methods": "Methods",
    "requests": "Requests",
    "orders": "Orders",
    "jobs": "Jobs",
}


class TabLine(Widget):
    """Shows the tabs with their keys; a click chooses one."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._chosen = next(iter(TITLES))
        self._note: tuple[tuple[str, str], ...] = ()

    def put(self, chosen: str, note: tuple[tuple[str, str], ...]) -> None:
        """Show which tab is chosen, and texts with their styles at the right."""
        if (chosen, note) != (self._chosen, self._note):
            self._chosen, self._note = chosen, note
            self.refresh()

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """Take one line."""
        return 1

    def render(self) -> Content:
        """Draw the line."""
        tabs = [
            (f" {number} {title} ", "bold reverse" if name == self._chosen else "$foreground-muted")
            for number, (name, title) in enumerate(TITLES.items(), 1)
        ]
        left = Content.assemble(*tabs)
        right = Content.assemble(*self._note)
        room = self.size.width - left.cell_length
        if right.cell_length > room:
            right = right.truncate(max(0, room), ellipsis=True)
        return left + Content(" " * (room - right.cell_length)) + right

    def on_click(self, event: events.Click) -> None:
        """Choose the tab under the mouse."""
        left = 0
        for name, title in TITLES.items():
            left += len(title) + 4
            if event.x < left:
                self.post_message(TabChosen(name))
                return
