"""Figures as they are read on a screen."""

import pytest

from tacore.tui import figures


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, "-"),
        (0.04, "0.0s"),
        (9.94, "9.9s"),
        (12.6, "13s"),
        (184, "3m 04s"),
        (8100, "2h 15m"),
        (273600, "3d 04h"),
    ],
)
def test_span_when_written_is_short(seconds: float | None, text: str) -> None:
    assert figures.span(seconds) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "-"),
        (0.0, "0.00"),
        (0.014, "0.01"),
        (1.5, "1.50"),
        (15.25, "15.2"),
        (999.4, "999"),
        (12345.0, "12.3s"),
    ],
)
def test_ms_when_written_has_about_three_digits(value: float | None, text: str) -> None:
    assert figures.ms(value) == text


@pytest.mark.parametrize(
    ("value", "text"), [(0, "0"), (9999, "9999"), (12_345, "12.3k"), (1_234_567, "1.2M"), (5e9, "5.0G")]
)
def test_count_when_large_is_shortened(value: float, text: str) -> None:
    assert figures.count(value) == text


@pytest.mark.parametrize(
    ("value", "text"), [(0, "0%"), (0.0001, "<0.1%"), (0.012, "1.2%"), (0.5, "50%"), (1.0, "100%")]
)
def test_share_when_small_is_not_hidden(value: float, text: str) -> None:
    assert figures.share(value) == text


def test_spark_when_drawn_keeps_peaks_and_shows_zero_as_the_lowest() -> None:
    assert figures.spark((0.0, 0.0, 8.0, 4.0), 4) == "▁▁█▅"
    assert figures.spark((0.0, 9.0, 0.0, 0.0), 2) == "█▁"
    assert figures.spark((1.0, 2.0), 4) == "▅▅██"
    assert figures.spark((0.0, 0.0), 3) == "▁▁▁"
    assert figures.spark((), 3) == ""


@pytest.mark.parametrize(("seconds", "text"), [(10, "10 s"), (300, "5 min"), (3600, "1 h"), (90, "90 s")])
def test_window_when_written_has_the_largest_unit(seconds: int, text: str) -> None:
    assert figures.window(seconds) == text
