"""Articles as Alpaca's news API (v1beta1, by Benzinga) has them.

https://docs.alpaca.markets/us/reference/news-3
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from tacore.errors import NotFound
from tacore.market.vendors.news import article, newest, read_all
from tacore.model import NewsItem

_BEGINS = datetime(2015, 1, 1, tzinfo=UTC)
_REACH = timedelta(days=366)


def ask(client: Any, symbol: str, source: str, now: datetime, limit: int) -> list[NewsItem]:  # noqa: ANN401
    """Ask for the newest of a year; NotFound for a time before there is any."""
    from alpaca.data.requests import NewsRequest  # noqa: PLC0415 - an extra

    if now < _BEGINS:
        raise NotFound(f"{source} has no news of before {_BEGINS:%Y}, of {symbol} or any other share")
    if limit < 1:
        return []
    # Without a start it would look at the present day alone.
    asked = NewsRequest(symbols=symbol, start=now - _REACH, end=now, sort="desc", limit=limit)
    found = client.get_news(asked)["news"]
    return newest(read_all(found, lambda each: _read(each, source)), now=now, limit=limit)


def _read(said: Mapping[str, Any], source: str) -> NewsItem | None:
    # The text is that of the last change; its date too, or later knowledge would look like earlier.
    stamps = [said[key] for key in ("created_at", "updated_at") if said.get(key)]
    if not stamps:
        return None
    return article(
        max(datetime.fromisoformat(each) for each in stamps),
        said.get("headline"),
        said.get("summary"),
        said.get("source"),
        said.get("url"),
        source,
    )
