"""akshare's function for East Money's news, on a session of ours.

akshare asks for the ten articles that East Money's search for the code ranks first, and gives them as a frame
of Chinese columns, times in Beijing's zone without saying so.
"""

import json
from collections.abc import Mapping
from datetime import datetime, tzinfo
from http import HTTPStatus
from typing import Any

from curl_cffi import requests
from curl_cffi.requests.exceptions import RequestException, Timeout

from tacore.market.vendors.eastmoney import copy_of
from tacore.market.vendors.faults import fault, refuse_status
from tacore.market.vendors.news import article, read_all
from tacore.market.vendors.options import elsewhere
from tacore.model import NewsItem

_VENDOR = "akshare"
_ARTICLES = "cmsArticleWebOld"
_COLUMNS = ("发布时间", "新闻标题", "新闻内容", "文章来源", "新闻链接")


class NoArticles(Exception):
    """East Money found none, over which akshare would stumble."""


class NewsSession:
    """What akshare's module takes for its ``requests``: bounded in time, with our errors.

    It is curl_cffi as in akshare, whose question allows encodings that requests can't read.
    """

    def __init__(self, timeout_s: float, base_url: str | None) -> None:
        self._session: requests.Session[requests.Response] = requests.Session()
        self._timeout_s = timeout_s
        self._base_url = base_url

    def get(self, url: str, params: Mapping[str, str], **asked: Any) -> requests.Response:  # noqa: ANN401
        """Ask once."""
        asked["timeout"] = self._timeout_s
        try:
            answer = self._session.get(elsewhere(url, self._base_url), params=dict(params), **asked)
        except Timeout as error:
            raise fault(_VENDOR, "timeout", f"{self._timeout_s:g} s") from error
        except RequestException as error:
            raise fault(_VENDOR, "connection") from error
        headers: Mapping[str, str] = answer.headers  # type: ignore[assignment]
        refuse_status(_VENDOR, answer.status_code, headers)
        if answer.status_code >= HTTPStatus.BAD_REQUEST:
            raise fault(_VENDOR, "refused", f"HTTP {answer.status_code}")
        _check(answer.text)
        return answer


class EastMoneyNews:
    """News of mainland shares."""

    def __init__(self, session: NewsSession) -> None:
        module = copy_of("akshare.news.news_stock")
        vars(module)["requests"] = session
        self._ask = module.stock_news_em

    def articles(self, code: str, tz: tzinfo) -> list[NewsItem]:
        """Ask for a share's articles; ValueError or LookupError mean that the answer makes no sense."""
        try:
            frame = self._ask(symbol=code)
        except NoArticles:
            return []
        rows = zip(*(frame[name].tolist() for name in _COLUMNS), strict=True)
        return read_all(rows, lambda row: _read(row, tz))


def _read(row: tuple[Any, ...], tz: tzinfo) -> NewsItem | None:
    stamp, title, content, publisher, url = row
    if not isinstance(stamp, str) or not stamp:
        return None
    published = datetime.fromisoformat(stamp).replace(tzinfo=tz)
    return article(published, title, content, publisher, url, _VENDOR)


def _check(text: str) -> None:
    """Look at an answer, JSON in a call of a function, before akshare does."""
    said = json.loads(text[text.index("(") + 1 : text.rindex(")")])
    result = said["result"]
    if said.get("hitsTotal") == 0 or result.get(_ARTICLES) == []:
        raise NoArticles
    if _ARTICLES not in result:
        # So it answers who asks too often.
        raise fault(_VENDOR, "malformed", "no articles in it")
