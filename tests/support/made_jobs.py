"""Agent jobs as `list.jobs` and `get.job` answer them, made by hand: one of each state, one degraded."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from tacore.clock import SystemClock
from tacore.jobs.booking import Booking, Told
from tacore.jobs.store import Store
from tacore.model.agents import parse_agents
from tacore.model.jobs import Report
from tacore.ports.analyst import Finished
from tacore.ports.orders import Key
from tests.support.job_world import CONFIGURED
from tests.support.scripted_analyst import ASK, finished, stage, used

STATES = ("running", "done", "done", "failed", "queued", "cancelled")
DETAIL = ("reports", "debates", "tool_calls", "usage", "events")
"""What only `get.job` tells."""
MARKUP = "<img src=x onerror=window.hacked=1><script>window.hacked=1</script>"
REPORT = f"""# Market report

The trend is **up**, `RSI` 61. See [the chart](javascript:window.hacked=1).

- first *point*
- second point {MARKUP}

| day | close |
| --- | --- |
| 2013-02-28 | 441.40 |

```
plain **code**
```
"""


def job(number: int, state: str | None = None, **changes: Any) -> dict[str, Any]:
    """Make a job in full; its number says its state unless told. The third decision is degraded."""
    state = state or STATES[number % len(STATES)]
    done, running = state == "done", state == "running"
    bad = done and number % len(STATES) == 2
    made: dict[str, Any] = {
        "job_id": f"j-{number:04}",
        "state": state,
        "engine": "tradingagents_cn",
        "market": "US",
        "symbol": ("AAPL", "MSFT", "GOOG")[number % 3],
        "date": "2013-02-28",
        "analysts": ["market", "news"],
        "debate_rounds": 1,
        "risk_rounds": 1,
        "quick_model": "small-1",
        "deep_model": "large-1",
        "principal": "local",
        "created_at": f"2026-01-01T00:00:{number:02}Z",
        "updated_at": f"2026-01-01T00:02:{number:02}Z",
        "started_at": None if state == "queued" else f"2026-01-01T00:01:{number:02}Z",
        "ended_at": None if state in ("queued", "running") else f"2026-01-01T00:02:{number:02}Z",
        "elapsed_s": 0.0 if state == "queued" else 64.5,
        "attempts": 0 if state == "queued" else 1,
        "progress": {"queued": 0.0, "done": 1.0}.get(state, 0.45),
        "stage": "Bear Researcher" if running else "",
        "tokens": {"input": 41_000, "output": 5_200, "total": 46_200, "calls": 9},
        "cost": {"amount": 0.1234, "currency": "USD", "complete": True},
        "limits": {"max_s": 1800, "max_tokens": 2_000_000, "max_cost": None},
        "error": {"code": "model_unauthorized", "message": "the model's server said 401"}
        if state == "failed"
        else None,
        "signal": "buy" if done else None,
        "recommendation": "buy" if done else None,
        "confidence": 0.72 if done else None,
        "decision": _decision() if done else None,
        "quality": _quality(bad=bad) if done else None,
        "price": 441.4 if done else None,
        "currency": "USD",
        "source": "sample" if done else "",
        "simulated": bad,
        "as_of": "2013-02-28" if done else "",
        "engine_version": "0.9 abc1234" if done else "",
        "last_event_id": 3,
        "joined": False,
        "warnings": [],
        **_detail(done=done),
    }
    return made | changes


def listed(jobs: list[dict[str, Any]], next_before_id: str | None = None) -> dict[str, Any]:
    """Give what `list.jobs` answers."""
    counts = {state: sum(each["state"] == state for each in jobs) for state in sorted(set(STATES))}
    short = [{name: each[name] for name in each if name not in DETAIL} for each in jobs]
    return {"jobs": short, "counts": counts, "next_before_id": next_before_id}


def keep(path: Path, *flaws: str, **changes: Any) -> str:
    """Write a job that is done into a jobs.db, as its manager would; gives its id.

    One report holds markup. The file's manager must not run.
    """
    settings, clock = parse_agents(CONFIGURED), SystemClock()
    booking = Booking(settings, clock, lambda *_: None)
    ask = msgspec.structs.replace(ASK, **changes)
    path.parent.mkdir(parents=True, exist_ok=True)
    with _open(path) as store, store.transaction() as tx:
        key = Key("k", "request")
        made = tx.add(ask, settings.job_limits, principal="local", key=key, allowed=1, currency="USD")
        now_us = clock.wall_us()
        tx.move(made, "running", attempts=1, started_us=now_us, running_since_us=now_us)
        for said in (used(), stage("market", "news"), _with_report(finished("buy", *flaws))):
            booking.write(tx, Told(number=made.number, attempt=1, said=said))
        return made.job.job_id


@contextmanager
def _open(path: Path) -> Iterator[Store]:
    store = Store(path, SystemClock())
    try:
        store.take()
        yield store
    finally:
        store.close()


def _with_report(said: Finished) -> Finished:
    report = Report(name="market", title="Market", text=REPORT)
    return Finished(outcome=msgspec.structs.replace(said.outcome, reports=[report]))


def _decision() -> dict[str, Any]:
    return {
        "action": "buy",
        "confidence": 0.72,
        "target_price": 480.0,
        "risk_score": 0.4,
        "horizon": "6 months",
        "reasoning": "Earnings are **strong**.",
        "text": "## FINAL: BUY\n\nWith care.",
    }


def _quality(*, bad: bool) -> dict[str, Any]:
    flaw = {"code": "empty_report", "message": f"the news report is empty {MARKUP}"}
    return {"verdict": "degraded" if bad else "ok", "flaws": [flaw] if bad else []}


def _detail(*, done: bool) -> dict[str, Any]:
    report = {"name": "market", "title": "Market", "text": REPORT}
    news = {"name": "news", "title": f"News {MARKUP}", "text": "Nothing new."}
    speech = {"debate": "investment", "speaker": "Bull", "text": f"**Buy.** {MARKUP}"}
    call = {
        "at": "2026-01-01T00:01:10Z",
        "node": "Market Analyst",
        "tool": "prices",
        "arguments": {"lookback_days": 30},
        "source": "sample",
        "as_of": "2013-02-28",
        "simulated": False,
        "stale": False,
        "size": 2100,
        "took_ms": 12.5,
        "error": "",
    }
    blind = {**call, "tool": "news", "source": "", "as_of": "", "arguments": {}, "error": "no news is there"}
    spent = {"calls": 3, "input_tokens": 20_000, "output_tokens": 2_600, "cost": 0.0617}
    events = ("queued", "asked by local"), ("started", "attempt 1"), ("stage", f"Market Analyst {MARKUP}")
    return {
        "reports": [report, news] if done else [report],
        "debates": [speech] if done else [],
        "tool_calls": [call, blind],
        "usage": [
            {"node": "Market Analyst", "model": "small-1", **spent},
            {"node": "Research Manager", "model": "large-1", **spent},
        ],
        "events": [
            {"id": id_, "at": f"2026-01-01T00:01:0{id_}Z", "kind": kind, "text": text, "data": {}}
            for id_, (kind, text) in enumerate(events, 1)
        ],
    }
