"""Articles as Yahoo's streams have them, in both shapes that yfinance has known."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from tacore.market.vendors.bars import utc
from tacore.market.vendors.news import article, read_all
from tacore.model import NewsItem

NEWS_URL = "https://finance.yahoo.com/xhr/ncp"
ASKED = {"queryRef": "latestNews", "serviceKey": "ncp_fin"}


def items_in(stream: Sequence[Mapping[str, Any]], source: str) -> list[NewsItem]:
    """Read a stream without its advertisements.

    ValueError, TypeError or LookupError mean that it makes no sense.
    """
    return read_all((each for each in stream if not each.get("ad")), lambda each: _read(each, source))


def _read(said: Mapping[str, Any], source: str) -> NewsItem | None:
    if "content" not in said:
        return _read_flat(said, source)
    content: Mapping[str, Any] = said["content"]
    # An article that was changed says so in displayTime: its text is of then.
    stamps = [content[key] for key in ("pubDate", "displayTime") if content.get(key)]
    if not stamps:
        return None
    address = content.get("canonicalUrl") or content.get("clickThroughUrl") or {}
    return article(
        max(datetime.fromisoformat(each) for each in stamps),
        content.get("title"),
        content.get("summary") or content.get("description"),
        (content.get("provider") or {}).get("displayName"),
        address.get("url"),
        source,
    )


def _read_flat(said: Mapping[str, Any], source: str) -> NewsItem | None:
    """Read the shape of before 2025, which has no summary."""
    stamp = said.get("providerPublishTime")
    if not stamp:
        return None
    return article(utc(stamp), said.get("title"), "", said.get("publisher"), said.get("link"), source)
