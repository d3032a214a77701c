"""The statuses of orders, as `tacore.model.orders` has them, whose import would cost a fast start."""

from collections.abc import Iterable

from tacore.cli.exits import Usage

OPEN = ("reserved", "submitting", "accepted", "partially_filled", "unknown")
FINAL = ("denied", "filled", "cancelled", "expired", "rejected")
GROUPS = {"open": OPEN, "final": FINAL}


def read(text: str) -> list[str]:
    """Read statuses and groups of them, with commas between; Usage names the nearest of one that is not."""
    named = [each for word in text.lower().split(",") if (each := word.strip())]
    known = (*GROUPS, *OPEN, *FINAL)
    for each in named:
        if each not in known:
            raise Usage(f"--status {each}: there is no such status{_nearest(each, known)}")
    if not named:
        raise Usage(f"--status needs one of {', '.join(known)}")
    return named


def members(named: Iterable[str]) -> frozenset[str]:
    """Give the statuses that are meant; none where all are."""
    return frozenset(status for each in named for status in GROUPS.get(each, (each,)))


def _nearest(word: str, known: tuple[str, ...]) -> str:
    import difflib  # noqa: PLC0415  only for a typing error

    close = difflib.get_close_matches(word, known, n=1, cutoff=0.5)
    return f"; did you mean {close[0]}?" if close else f"; allowed: {', '.join(known)}"
