"""The line that says how far long work is."""

import pytest

from tacore.cli.progress import can_move, line
from tacore.cli.text_width import measure


@pytest.mark.parametrize(
    ("share", "text", "width", "expected"),
    [
        (None, "3 answered", 80, "3 answered"),
        (None, "3 answered", 6, "3 an…"),
        (0.5, "half", 80, "[###############...............]  50%  half"),
        (1.0, "all", 80, f"[{'#' * 30}] 100%  all"),
        (0.999, "nearly", 80, f"[{'#' * 29}.]  99%  nearly"),
        (7.0, "more", 80, f"[{'#' * 30}] 100%  more"),
        (0.5, "a text with little room", 41, "[####....]  50%  a text with little room"),
        (0.5, "a text with no room at all", 40, " 50%  a text with no room at all"),
        (0.5, "a text with no room at all", 12, " 50%  a te…"),
        (0.5, "x", 1, "…"),
    ],
)
def test_line_when_there_is_some_room_fits(share: float | None, text: str, width: int, expected: str) -> None:
    assert line(text, share, width) == expected


@pytest.mark.parametrize("width", range(2, 70))
@pytest.mark.parametrize("share", [None, 0.0, 0.33, 1.0])
def test_line_when_shown_never_wraps(share: float | None, width: int) -> None:
    assert measure(line("file 3 of 12, 贵州茅台.csv\x1b[2J\n", share, width)) < width
    assert "\x1b" not in line("\x1b[2J", share, width)


@pytest.mark.parametrize(
    ("environ", "can"),
    [({"TERM": "xterm"}, True), ({"TERM": "dumb"}, False), ({"TERM": ""}, False), ({}, False)],
)
def test_terminal_when_it_is_dumb_cannot_clear_a_line(environ: dict[str, str], can: bool) -> None:
    assert can_move(environ) is can
