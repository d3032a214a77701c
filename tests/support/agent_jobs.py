"""A fake broker that plays the job manager to the command line: each question finds a job a step further."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from tacore.methods import analyze_stock, describe, execute_order
from tests.support.fake_broker import Answer, failure
from tests.support.trading import FakeDesk, order

QUALITY_OK: dict[str, Any] = {"verdict": "ok", "flaws": []}
DEGRADED: dict[str, Any] = {
    "verdict": "degraded",
    "flaws": [
        {"code": "empty_report", "message": "the news report is empty"},
        {"code": "default_decision", "message": "the decision is the engine's default"},
    ],
}
LONG = "The moat is wide. " * 40
REPORT = {"name": "news", "title": "News analyst", "text": f"# News\n{LONG}\nThe very end."}
WHOLE = ("reports", "debates", "tool_calls", "usage", "events")
DESCRIBED = [
    msgspec.to_builtins(describe(each.METHOD)) | {"name": each.METHOD.name, "pool": each.METHOD.pool}
    for each in (analyze_stock, execute_order)
]
Step = Mapping[str, Any]


def job(number: int, **changes: Any) -> dict[str, Any]:
    """Make a job as get.job shows one that waits; a later number is a later job."""
    made: dict[str, Any] = {
        "job_id": f"j{number}-3fa9",
        "state": "queued",
        "engine": "tradingagents_cn",
        "market": "CN",
        "symbol": "600519",
        "date": "2026-11-23",
        "analysts": ["market", "news"],
        "debate_rounds": 1,
        "risk_rounds": 1,
        "quick_model": "quick-1",
        "deep_model": "deep-1",
        "principal": "local",
        "created_at": "2026-11-24T06:00:00Z",
        "updated_at": "2026-11-24T06:00:00Z",
        "started_at": None,
        "ended_at": None,
        "elapsed_s": 0.0,
        "attempts": 0,
        "progress": 0.0,
        "stage": "",
        "tokens": {"input": 0, "output": 0, "total": 0, "calls": 0},
        "cost": {"amount": None, "currency": "USD", "complete": True},
        "limits": {"max_s": 1800, "max_tokens": 2000000, "max_cost": None},
        "error": None,
        "signal": None,
        "recommendation": None,
        "confidence": None,
        "decision": None,
        "quality": None,
        "price": None,
        "currency": "",
        "source": "",
        "simulated": False,
        "as_of": "",
        "engine_version": "",
        "reports": [],
        "debates": [],
        "tool_calls": [],
        "usage": [],
        "events": [event(1, "queued", "waits for a free place")],
        "last_event_id": 1,
        "joined": False,
        "warnings": [],
    }
    return made | changes


def event(number: int, kind: str, text: str, **data: Any) -> dict[str, Any]:
    """Make an event."""
    return {"id": number, "at": f"2026-11-24T06:00:{number:02}Z", "kind": kind, "text": text, "data": data}


def running(share: float, stage: str, total: int, amount: float | None = None, **changes: Any) -> Step:
    """Make the step to a node at work."""
    return {
        "state": "running",
        "attempts": 1,
        "progress": share,
        "stage": stage,
        "elapsed_s": 192.0 * share,
        "tokens": {"input": total, "output": 0, "total": total, "calls": 3},
        "cost": {"amount": amount, "currency": "USD", "complete": True},
        "event": ("stage", stage),
        **changes,
    }


def decided(action: str = "buy", quality: Mapping[str, Any] | None = QUALITY_OK, **changes: Any) -> Step:
    """Make the step to a decision."""
    told = [] if quality is None else quality["flaws"]
    flaws = [f"DEGRADED: {each['code']}: {each['message']}" for each in told]
    return {
        "state": "done",
        "ended_at": "2026-11-24T06:03:12Z",
        "progress": 1.0,
        "stage": "",
        "elapsed_s": 192.0,
        "attempts": 1,
        "tokens": {"input": 40000, "output": 1203, "total": 41203, "calls": 16},
        "cost": {"amount": 0.12, "currency": "USD", "complete": True},
        "signal": action,
        "recommendation": action,
        "confidence": 0.72,
        "decision": {
            "action": action,
            "confidence": 0.72,
            "target_price": 1720.5,
            "risk_score": 0.4,
            "horizon": "3 months",
            "reasoning": "The moat is wide.",
            "text": "FINAL: " + action,
        },
        "quality": quality,
        "warnings": flaws,
        "price": 1700,
        "currency": "CNY",
        "source": "sample",
        "as_of": "2026-11-23T07:00:00Z",
        "engine_version": "1.0.1 (abc1234)",
        "reports": [REPORT],
        "debates": [{"debate": "investment", "speaker": "Bull", "text": "Buy, said the bull."}],
        "usage": [
            {
                "node": "News Analyst",
                "model": "quick-1",
                "calls": 4,
                "input_tokens": 9000,
                "output_tokens": 300,
                "cost": 0.05,
            }
        ],
        "event": ("ended", action),
        **changes,
    }


FAILED: Step = {
    "state": "failed",
    "error": {"code": "model_unauthorized", "message": "the model's server turned the key away (401)"},
    "event": ("ended", "failed"),
}
CANCELLED: Step = {"state": "cancelled", "stage": "", "event": ("ended", "cancelled by local")}
COURSE: Sequence[Step] = (
    running(0.1, "Market Analyst", 4_100),
    running(0.45, "Bull Researcher", 20_500, 0.06),
    decided(),
)
"""What a job goes through that nothing befalls."""


class FakeJobs(FakeDesk):
    """Holds jobs, and orders beside them.

    ``courses`` has what each job still goes through, a step for each question about what is newer; a new
    job takes the next of ``planned``. ``away`` counts the questions about jobs that are still turned away.
    """

    def __init__(self, *jobs: dict[str, Any], planned: Sequence[Sequence[Step]] = ()) -> None:
        super().__init__()
        self.jobs = {each["job_id"]: each for each in jobs}
        self.courses: dict[str, list[Step]] = {}
        self.planned = list(planned)
        self.joins = ""
        self.away = 0
        self.delay_s = 0.0
        self.newest_session = "2026-11-23"

    def __call__(self, request: dict[str, Any]) -> Answer:
        """Answer a request."""
        if request["method"] == "get.job" and self.away > 0:
            self.away -= 1
            return Answer(failure(request, "unavailable", "no worker serves get.job", retryable=True))
        if request["method"].endswith(".job"):
            job_id = request["params"].get("job_id")
            if job_id not in self.jobs:
                return Answer(failure(request, "not_found", f"there is no job {job_id}"))
        answer = super().__call__(request)
        answer.delay_s = self.delay_s if request["method"] == "get.job" else 0.0
        return answer

    def _describe_methods(self, params: dict[str, Any]) -> dict[str, Any]:
        wanted = params.get("method")
        return {"methods": [each for each in DESCRIBED if wanted in (None, each["name"], *each["aliases"])]}

    def _analyze_stock(self, params: dict[str, Any]) -> dict[str, Any]:
        if params.get("analysis_type") != "agents":
            return {"symbol": params["symbol"], "signal": "hold", "params": params}
        if self.joins:
            return self.jobs[self.joins] | {"joined": True}
        number = len(self.jobs) + 1
        made = job(number, symbol=params["symbol"])
        self.jobs[made["job_id"]] = made
        self.courses[made["job_id"]] = list(self.planned.pop(0) if self.planned else COURSE)
        return made

    def _get_market_data(self, params: dict[str, Any]) -> dict[str, Any]:
        bars = [{"session": self.newest_session}] if self.newest_session else []
        return {"symbols": {each: {"bars": bars} for each in params["symbols"]}}

    def _get_job(self, params: dict[str, Any]) -> dict[str, Any]:
        job_id = params["job_id"]
        after_id = params.get("after_id", 0)
        if "wait_s" in params and after_id == self.jobs[job_id]["last_event_id"]:
            self._step(job_id)
        told = self.jobs[job_id]
        return told | {"events": [each for each in told["events"] if each["id"] > after_id]}

    def _step(self, job_id: str) -> None:
        left = self.courses.get(job_id, [])
        if not left:
            return
        changes = dict(left.pop(0))
        kind, text = changes.pop("event")
        before = self.jobs[job_id]
        number = before["last_event_id"] + 1
        events = [*before["events"], event(number, kind, text)]
        self.jobs[job_id] = before | changes | {"events": events, "last_event_id": number}

    def _list_jobs(self, params: dict[str, Any]) -> dict[str, Any]:
        found = [each for each in list(self.jobs.values())[::-1] if _fits(each, params)]
        ids = [each["job_id"] for each in found]
        before = params.get("before_id")
        found = found[ids.index(before) + 1 :] if before in ids else found
        limit = params.get("limit", 100)
        rows = [{name: each for name, each in one.items() if name not in WHOLE} for one in found[:limit]]
        states = [each["state"] for each in self.jobs.values()]
        return {
            "jobs": rows,
            "counts": {state: states.count(state) for state in states},
            "next_before_id": rows[-1]["job_id"] if len(found) > limit else None,
            "warnings": [],
        }

    def _cancel_job(self, params: dict[str, Any]) -> dict[str, Any] | tuple[Any, ...]:
        found = self.jobs[params["job_id"]]
        if found["state"] in ("done", "failed"):
            return "denied", f"job {found['job_id']} can't be cancelled: it is {found['state']}", {}
        self.jobs[params["job_id"]] = found | {"state": "cancelled"}
        return self.jobs[params["job_id"]]

    def _retry_job(self, params: dict[str, Any]) -> dict[str, Any] | tuple[Any, ...]:
        found = self.jobs[params["job_id"]]
        if found["state"] not in ("failed", "cancelled"):
            return "denied", f"job {found['job_id']} is {found['state']}", {}
        self.jobs[params["job_id"]] = found | {"state": "queued", "error": None}
        return self.jobs[params["job_id"]]

    def _execute_order(self, params: dict[str, Any]) -> dict[str, Any]:
        return order(1, **{name: each for name, each in params.items() if name != "metadata"})


def _fits(found: Mapping[str, Any], params: Mapping[str, Any]) -> bool:
    same = all(found[name] == params[name] for name in ("symbol", "engine") if name in params)
    return same and found["state"] in params.get("state", [found["state"]])
