"""Articles made of what vendors send: plain text, dated, and chosen by when they were published."""

import html
import re
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import TypeVar

from tacore.errors import NotFound
from tacore.model import NewsItem

T = TypeVar("T")
_TAG = re.compile(r"</?[A-Za-z][^<>]*>")


def article(
    published: datetime, title: object, summary: object, publisher: object, url: object, source: str
) -> NewsItem | None:
    """Make an article of a vendor's fields; None without a title, ValueError for a time without zone."""
    if published.utcoffset() is None:
        raise ValueError(f"{published} has no zone")
    address = str(url or "")
    made = NewsItem(
        published=published.astimezone(UTC),
        title=plain(title),
        summary=plain(summary),
        publisher=plain(publisher),
        url=address if address.startswith(("http://", "https://")) else "",
        source=source,
    )
    return made if made.title else None


def plain(value: object) -> str:
    """Take tags and entities out of a text, and make one line of it; what is no text is none."""
    if not isinstance(value, str):
        return ""
    return " ".join(html.unescape(_TAG.sub(" ", value)).split())


def read_all(rows: Iterable[T], read: Callable[[T], NewsItem | None]) -> list[NewsItem]:
    """Read what can be read; ValueError where there are rows, and none of them is an article."""
    every = [read(row) for row in rows]
    found = [each for each in every if each is not None]
    if every and not found:
        raise ValueError("nothing in it has a title and a date")
    return found


def newest(items: Iterable[NewsItem], *, now: datetime, limit: int) -> list[NewsItem]:
    """Keep what had been published by ``now``, newest first, each article once."""
    unique = {(each.published, each.title): each for each in items if each.published <= now}
    return sorted(unique.values(), key=lambda each: (each.published, each.title), reverse=True)[:limit]


def newest_of_few(
    items: Sequence[NewsItem], vendor: str, symbol: str, *, now: datetime, limit: int
) -> list[NewsItem]:
    """Do the same for a vendor that gives its latest articles alone; NotFound where all are of later."""
    oldest = min((each.published for each in items), default=now)
    if oldest > now:
        raise NotFound(f"{vendor} has only the latest news of {symbol}, since {oldest:%Y-%m-%d %H:%M} UTC")
    return newest(items, now=now, limit=limit)
