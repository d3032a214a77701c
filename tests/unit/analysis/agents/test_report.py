"""Reports of jobs; hostile texts are judged by other parsers than those that wrote the report."""

import re
from html.parser import HTMLParser
from itertools import pairwise
from typing import Any

import pytest
from markdown_it import MarkdownIt

from tacore.analysis.agents.report import write
from tacore.wire.numbers import Exact
from tests.support.reported_job import job

HARMLESS = {
    *("html", "head", "meta", "title", "style", "body", "main", "header", "footer", "section", "div", "h1"),
    *(
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "p",
        "strong",
        "em",
        "ul",
        "ol",
        "li",
        "dl",
        "dt",
        "dd",
        "table",
        "thead",
    ),
    *("tbody", "tr", "th", "td", "pre", "code", "blockquote", "details", "summary", "br", "hr"),
}
HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '"><svg onload=alert(1)>',
    "</style></div></main><iframe src=//evil.example></iframe>",
    "![x](http://evil.example/p.png)",
    "![x][r]\n\n[r]: http://evil.example/p.png",
    "[click](javascript:alert(1)) <javascript:alert(1)> <http://evil.example>",
    "- [r]: http://evil.example\n\n[r] ![r]",
    "&#33;[x](http://evil.example)",
    "-\n  ```\n  code\n\n![x](http://evil.example)",
    "```\n<b>unclosed",
    "``` `\n![x](http://evil.example/p.png)",
    "~~~\n# DECISION: BUY\n",
    "> ```\n<a href=http://evil.example>x</a>",
    "# Not our heading\n\nNor this\n===\n\n---\n",
    "<!-- comment",
    "<details open ontoggle=alert(1)>",
    "| a |\n| ---: |\n| <b onclick=alert(1)>x |",
    "a\x0b\x0c\x1c\u2028## Decision\u2029<b>",
    "\r## Decision\r<b>",
]


class Page(HTMLParser):
    """Collects the elements and attributes of a page, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.headings: list[str] = []
        self.words: list[str] = []
        self._last = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self._last = tag

    def handle_endtag(self, tag: str) -> None:
        self._last = ""

    def handle_data(self, data: str) -> None:
        if self._last != "style":
            self.words.append(data)
        if self._last in ("h1", "h2", "h3"):
            self.headings.append(data)


def hostile(text: str) -> dict[str, Any]:
    """Put a text wherever a model, a provider or an engine may write."""
    return job(
        decision={"action": "buy", "horizon": text, "reasoning": text, "text": text},
        reports=[{"name": "market", "title": text, "text": text}],
        debates=[{"debate": "risk", "speaker": text, "text": text}],
        tool_calls=[{"at": text, "node": text, "tool": text, "arguments": {"a": text}, "error": text}],
        quality={"verdict": "degraded", "flaws": [{"code": "no_data", "message": text}]},
        error={"code": "x", "message": text},
        warnings=[text],
        events=[{"id": 1, "at": text, "kind": "tool", "text": text}],
        engine_version=text,
        source=text,
    )


def headings(markdown: str) -> list[str]:
    """List the headings outside of quotes."""
    tokens = MarkdownIt("commonmark").enable("table").parse(markdown)
    return [
        after.content
        for token, after in pairwise(tokens)
        if token.type == "heading_open" and token.level == 0
    ]


@pytest.mark.parametrize("text", HOSTILE)
def test_page_when_a_text_is_hostile_holds_nothing_that_runs_or_loads(text: str) -> None:
    page = Page(write(hostile(text), "html"))
    assert page.tags <= HARMLESS
    assert page.attributes <= {"lang", "charset", "http-equiv", "content", "name", "class", "start"}
    ours = [each for each in page.headings if each in ("Decision", "What the agents looked at", "The run")]
    assert ours == ["Decision", "What the agents looked at", "The run"]


@pytest.mark.parametrize("text", HOSTILE)
def test_markdown_when_a_text_is_hostile_holds_nothing_that_runs_or_loads(text: str) -> None:
    written = write(hostile(text), "md")
    kinds = set()
    for token in MarkdownIt("commonmark", {"html": True}).enable("table").parse(written):
        kinds |= {token.type, *(child.type for child in token.children or ())}
    assert not kinds & {"html_block", "html_inline", "image", "link_open"}
    found = headings(written)
    assert [each for each in found if each in ("Decision", "Data", "The run", "Events")] == [
        "Decision",
        "Data",
        "The run",
        "Events",
    ]


def test_page_when_written_forbids_all_that_is_not_its_own_style() -> None:
    page = write(job(), "html")
    policy = re.findall(r'Content-Security-Policy" content="([^"]+)"', page)[0]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy
    assert not re.search(r"(?:https?:)?//\w", page)
    assert " style=" not in page


@pytest.mark.parametrize("fmt", ["md", "html"])
def test_report_when_a_decision_is_degraded_says_so_first_with_its_reasons(fmt: str) -> None:
    text = write(job(), fmt)
    assert text.index("BUY (DEGRADED)") < text.index("Reports of the analysts")
    assert "no_data: news: tacore has no provider of news" in text
    assert "DEGRADED" not in write(job(quality={"verdict": "ok", "flaws": []}), fmt)


@pytest.mark.parametrize("fmt", ["md", "html"])
def test_report_when_data_is_simulated_says_so(fmt: str) -> None:
    assert "SIMULATED" not in write(job(), fmt)
    assert "prices are invented by synthetic" in write(job(simulated=True, source="synthetic"), fmt)


def test_report_when_written_holds_what_a_job_has() -> None:
    text = write(job(), "md")
    for each in (
        "# AAPL (US) as of 2013-03-01",
        "| target price | 500.5 USD (+16.3 % of the price) |",  # 500.5 / 430.47
        "| cost | 0.0521 USD (models without a price are not in it) |",
        "| quick-1 | 3 | 32,000 | 4,500 | 0.0069 |",  # 12,000 + 20,000; 1,500 + 3,000; 0.0021 + 0.0048
        "| deep-1 | 1 | 9,234 | 5,376 | unknown |",
        "| 10:00:09 | Market Analyst | prices | symbol=AAPL, lookback_days=365 | sample | 2013-03-01 | - |",
        "| ran | 5 min 12 s in 2 attempts |",
        "| engine | tradingagents_cn 1.0.0-preview (bd599607) |",
        "> #### 市场分析",
        "### Bear",
    ):
        assert each in text


def test_report_when_numbers_come_as_they_were_written_is_the_same() -> None:
    exact = job(price=Exact("430.47"), elapsed_s=Exact("311.5"))
    assert write(exact, "md") == write(job(), "md")


@pytest.mark.parametrize("fmt", ["md", "html"])
def test_report_when_a_job_has_only_begun_says_what_there_is(fmt: str) -> None:
    begun = {"job_id": "j-1", "state": "running", "symbol": "AAPL", "market": "US", "date": "2013-03-01"}
    assert "No decision: the job is running" in write(begun, fmt)


@pytest.mark.parametrize("fmt", ["md", "html"])
def test_report_when_a_job_failed_says_why(fmt: str) -> None:
    failed = job(
        state="failed",
        decision=None,
        quality=None,
        error={"code": "model_unauthorized", "message": "the model's server refuses the key"},
    )
    text = write(failed, fmt)
    assert "No decision: the job is failed" in text
    assert re.search(r"model_unauthorized: the model(&#x27;|')s server refuses the key", text)


def test_page_when_a_text_is_of_many_quotes_ends_soon() -> None:
    deep = ">" * 20_000 + "- " * 20_000 + "*" * 20_000
    assert write(job(reports=[{"name": "market", "title": "", "text": deep}]), "html")


@pytest.mark.parametrize("fmt", ["md", "html"])
def test_report_when_a_text_has_control_characters_holds_none(fmt: str) -> None:
    """A terminal that shows the report must not be told anything, nor its letters be turned around."""
    text = write(hostile("a\x1b]0;title\x07\x1b[31m\x9b2J\x00\u202eb\u2066"), fmt)
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", text)
