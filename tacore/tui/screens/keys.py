"""The main screen's keys, and on which tabs each makes sense."""

from textual.binding import Binding, BindingType

KEYS: list[BindingType] = [
    Binding("slash", "filter", "Filter", key_display="/", tooltip="Filter the rows as you type"),
    Binding("s", "sort", "Sort", tooltip="Sort by the next column; a click on a title does, too"),
    Binding("S", "turn", "Sort the other way", show=False),
    Binding("w", "window", "Next window: 10 s, 5 min, 1 h", show=False),
    Binding("space", "pause", "Pause", key_display="␣", tooltip="Keep the tables as they are, or go on"),
    Binding("f", "follow", "Follow", tooltip="Stay on the newest row, or where the cursor is"),
    Binding("e", "only_errors", "Errors", tooltip="Only what failed, or all again"),
    Binding("l", "requests_of", "Log", tooltip="The requests of this worker or method; esc comes back"),
    Binding("r", "restart", "Restart", tooltip="Restart the worker; asks first"),
    Binding("d", "drain", "Drain", tooltip="End the worker after its present work; asks first"),
    Binding("n", "scale", "Scale", tooltip="How many workers the pool keeps; asks first"),
    Binding("c", "cancel", "Cancel", tooltip="Cancel the order or the agent job; asks first"),
    Binding("R", "retry", "Retry", tooltip="Take the agent job up again where it ended; asks first"),
    Binding("H", "halt", "Halt trading, or resume it; asks first", show=False),
    Binding("y", "copy_row", "Copy the row", show=False),
    Binding("Y", "copy_command", "Copy the command that does the same", show=False),
    Binding("1", "tab('workers')", "Workers", show=False),
    Binding("2", "tab('methods')", "Methods", show=False),
    Binding("3", "tab('requests')", "Requests", show=False),
    Binding("4", "tab('orders')", "Orders", show=False),
    Binding("5", "tab('jobs')", "Agent jobs", show=False),
    Binding("tab,right", "next_tab(1)", "Next tab", show=False),
    Binding("shift+tab,left", "next_tab(-1)", "Tab before", show=False),
    Binding("left_square_bracket", "move(-1)", "Back in time", show=False, key_display="["),
    Binding("right_square_bracket", "move(1)", "Forward in time", show=False, key_display="]"),
    Binding("L", "now", "Back to now", show=False),
    Binding("escape", "back", "Back: filter, tab, first row", show=False),
]
ONLY_ON: dict[str, tuple[str, ...]] = {
    "restart": ("workers",),
    "drain": ("workers",),
    "scale": ("workers",),
    "cancel": ("orders", "jobs"),
    "retry": ("jobs",),
    "requests_of": ("workers", "methods"),
    "only_errors": ("requests",),
    "follow": ("requests", "orders", "jobs"),
}
