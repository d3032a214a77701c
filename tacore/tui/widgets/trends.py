"""Three small curves: answers a second, latency, errors."""

from textual.content import Content
from textual.geometry import Size
from textual.widget import Widget

from tacore.tui.figures import NONE, ms, rate, share, spark, window
from tacore.tui.snapshot import Snapshot, Trend, trend

GAP = 2
ERRORS_BAD = 0.05


class Trends(Widget):
    """Draws the trends side by side: a line of figures, and a line of bars."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._trend = Trend((), (), ())
        self._span_s = 0
        self._known = False

    def put(self, snapshot: Snapshot) -> None:
        """Draw another moment."""
        self._trend, self._span_s = trend(snapshot), snapshot.trend_s
        self._known = not snapshot.rates_error
        self.refresh()

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """Take two lines."""
        return 2

    def render(self) -> Content:
        """Draw the two lines."""
        width = max(3, (self.size.width - 2 - 2 * GAP) // 3)
        shown = self._trend
        errors = shown.errors[-1] if shown.errors else 0.0
        bad = "$text-error" if errors >= ERRORS_BAD else "$text-warning"
        columns = [
            ("rate", self._told(f"{rate(_last(shown.rate))}/s"), shown.rate, "$text-accent"),
            ("p95", self._told(f"{ms(_last(shown.p95_ms))} ms"), shown.p95_ms, "$text-primary"),
            (
                "errors",
                self._told(share(errors)),
                shown.errors,
                bad if any(shown.errors) else "$foreground-muted",
            ),
        ]
        over = f" {window(self._span_s)}" if self._span_s else ""
        heads = [
            _head(name, value, "" if at else over, width, style)
            for at, (name, value, _, style) in enumerate(columns)
        ]
        bars = [Content.styled(spark(values, width).ljust(width), style) for _, _, values, style in columns]
        gap = Content(" " * GAP)
        return Content("\n").join([Content(" ") + gap.join(heads), Content(" ") + gap.join(bars)])

    def _told(self, value: str) -> str:
        """Give a value where the journal could be read."""
        return value if self._known else NONE


def _head(name: str, value: str, over: str, width: int, style: str) -> Content:
    """Write name and value to the left, and where there is room the time that is covered to the right."""
    room = width - len(name) - len(value) - 1
    return Content.assemble(
        (f"{name} ", "$foreground-muted"),
        (value, f"bold {style}"),
        (over.rjust(room) if len(over) <= room else " " * room, "$foreground-muted"),
    )


def _last(values: tuple[float, ...]) -> float:
    return values[-1] if values else 0.0
