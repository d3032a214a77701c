"""What would happen, the command that does the same, and a yes or a no."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Button, Input, Label, Static

from tacore.errors import InvalidParams
from tacore.tui.actions import Action, Question
from tacore.tui.widgets.tones import STYLES


class ConfirmScreen(ModalScreen[Action | None]):
    """Gives the action where somebody said yes, None where not.

    What is grave begins on No. A question shows what its answer would do as it is typed; Enter says yes.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "yes", "Yes, do it"),
        Binding("n,escape", "no", "No"),
        Binding("left,right", "other", "The other button", show=False),
    ]

    def __init__(self, asked: Action | Question, money: str) -> None:
        super().__init__()
        self._asked = asked
        self._money = money
        self._action = asked if isinstance(asked, Action) else None

    def compose(self) -> ComposeResult:
        """Lay it out."""
        with Vertical(id="box", classes="-live" if self._money == "LIVE" else ""):
            yield Label(id="title")
            if self._money == "LIVE":
                yield Static(
                    Content.styled(" LIVE: this service trades real money ", STYLES["live"]), id="money"
                )
            yield Static(id="effect")
            if isinstance(self._asked, Question):
                yield Label(self._asked.label)
                yield Input(self._asked.value, id="answer", compact=True)
            yield Static(id="command")
            with Horizontal(id="buttons"):
                yield Button("Yes, do it (y)" if self._action else "Do it (enter)", id="yes", compact=True)
                yield Button("No (esc)", id="no", compact=True)

    def on_mount(self) -> None:
        """Show it, and put the cursor where it does no harm."""
        self._read(self._asked.value if isinstance(self._asked, Question) else "")
        if isinstance(self._asked, Question):
            self.query_one("#answer").focus()
        else:
            self.query_one("#no" if self._asked.grave else "#yes").focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Show what the answer would do."""
        self._read(event.value)

    def on_input_submitted(self) -> None:
        """Take the answer."""
        self.action_yes()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """Take the button's word."""
        self.action_yes() if event.button.id == "yes" else self.action_no()

    def action_yes(self) -> None:
        """Have it done, if it can be."""
        if self._action is not None:
            self.dismiss(self._action)

    def action_no(self) -> None:
        """Leave all as it is."""
        self.dismiss(None)

    def action_other(self) -> None:
        """Go to the other button."""
        no = self.query_one("#no")
        (self.query_one("#yes") if no.has_focus else no).focus()

    def _read(self, text: str) -> None:
        problem = ""
        if isinstance(self._asked, Question):
            try:
                self._action = self._asked.make(text)
            except InvalidParams as error:
                self._action, problem = None, error.message
        action = self._action
        if action is not None:
            self.query_one("#title", Label).update(Content(action.title))
        effect = Content(action.effect) if action else Content.styled(problem, STYLES["bad"])
        self.query_one("#effect", Static).update(effect)
        same = Content.assemble(("same as  ", STYLES["dim"]), (action.command if action else "-", "bold"))
        self.query_one("#command", Static).update(same)
        self.query_one("#yes", Button).disabled = action is None
