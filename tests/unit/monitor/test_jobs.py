"""Agent jobs through the monitor, on a staged service: what it passes on, asks, counts and refuses."""

import asyncio
from dataclasses import replace
from typing import Any

import httpx
import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from tacore.errors import Denied
from tacore.monitor import job_figures
from tacore.monitor.prometheus import Seen, Snapshot
from tacore.monitor.site import About
from tacore.watch.views import Health
from tests.support.made_jobs import job
from tests.support.monitors import ABOUT, ACTING, asking_of
from tests.support.stage import Staged


class Asked(Staged):
    """Keeps what the list of jobs was asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[dict[str, Any]] = []

    async def jobs(self, only: Any = None, *, max_age_s: float = 0.5) -> dict[str, Any]:
        """List the jobs."""
        self.asked.append(dict(only or {}))
        return await super().jobs(only, max_age_s=max_age_s)

    async def act(self, method: str, params: Any = None, *, timeout_s: float | None = None) -> Any:
        """Say how the job is then."""
        await super().act(method, params, timeout_s=timeout_s)
        return {"state": {"cancel.job": "cancelled", "retry.job": "queued"}[method]}


def get(watch: Staged, url: str, **options: Any) -> httpx.Response:
    async def asked() -> httpx.Response:
        async with asking_of(watch) as client:
            return await client.get(url, **options)

    return asyncio.run(asked())


def post(watch: Staged, name: str, about: About = ABOUT, **options: Any) -> httpx.Response:
    async def asked() -> httpx.Response:
        async with asking_of(watch, about) as client:
            return await client.post(f"/api/actions/{name}", json={"job_id": "j-0006"}, **options)

    return asyncio.run(asked())


def test_jobs_when_listed_carry_counts_commands_and_what_a_first_one_needs() -> None:
    found = get(Asked(), "/api/jobs").json()
    assert [each["job_id"] for each in found["jobs"]][:2] == ["j-0006", "j-0005"]
    assert found["counts"] == {"cancelled": 1, "done": 2, "failed": 1, "queued": 1, "running": 1}
    assert found["jobs"][0]["commands"]["show"] == "tacore jobs show j-0006"
    assert "TRADINGAGENTS_PATH" in found["needs"]
    assert "--analysis-type agents" in found["commands"]["start"]


def test_jobs_when_filtered_ask_for_no_more() -> None:
    watch = Asked()
    get(watch, "/api/jobs?state=running,queued&symbol=AAPL&engine=&since=2013-02-28T00:00:00Z&limit=5")
    assert watch.asked == [
        {"symbol": "AAPL", "since": "2013-02-28T00:00:00Z", "limit": 5, "state": ["running", "queued"]}
    ]


@pytest.mark.parametrize(("query", "name"), [("limit=0", "limit"), ("since=soon", "since")])
def test_jobs_when_asked_wrongly_name_what_is_wrong(query: str, name: str) -> None:
    answer = get(Asked(), f"/api/jobs?{query}")
    assert (answer.status_code, list(answer.json()["error"]["details"])) == (400, [name])


def test_job_when_shown_is_the_services_own_answer_with_commands() -> None:
    found = get(Asked(), "/api/jobs/j-0002").json()
    assert found.pop("commands")["retry"] == "tacore jobs retry j-0002"
    assert found == job(2)


def test_jobs_when_nobody_serves_them_say_what_starts_a_manager() -> None:
    watch = Asked()
    watch.agents_served = False
    answer = get(watch, "/api/jobs")
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "unavailable")
    assert "tacore worker spawn --pool agents" in answer.json()["error"]["message"]


@pytest.mark.parametrize(("name", "method", "state"), [
    ("cancel-job", "cancel.job", "cancelled"), ("retry-job", "retry.job", "queued"),
])  # fmt: skip
def test_action_when_permitted_is_done_and_tells_its_command(name: str, method: str, state: str) -> None:
    watch = Asked()
    answer = post(watch, name, headers=ACTING)
    word = name.partition("-")[0]
    assert answer.json() == {"done": f"job j-0006 is {state}", "command": f"tacore jobs {word} j-0006"}
    assert watch.acted == [(method, {"job_id": "j-0006"})]


@pytest.mark.parametrize("name", ["cancel-job", "retry-job"])
def test_action_when_not_permitted_does_nothing(name: str) -> None:
    watch = Asked()
    assert post(watch, name).status_code == 403
    assert post(watch, name, replace(ABOUT, actions="off"), headers=ACTING).status_code == 403
    assert watch.acted == []


def test_action_when_denied_says_why() -> None:
    watch = Asked()
    watch.refusal = Denied("job j-0006 has ended")
    answer = post(watch, "cancel-job", headers=ACTING)
    assert (answer.status_code, answer.json()["error"]["message"]) == (409, "job j-0006 has ended")


def scraped(watch: Staged) -> dict[Any, float]:
    """Give the samples about jobs, as Prometheus' own parser reads them."""
    health = Health("healthy", [], {"uptime_s": 1.0, "in_flight": 0}, 1.0, None, "", None, "j", "", 0.1)
    registry = CollectorRegistry(auto_describe=False)
    seen = Seen(health, None, None, None, asyncio.run(job_figures.look(watch)))
    registry.register(Snapshot(seen))
    families = text_string_to_metric_families(generate_latest(registry).decode())
    return {
        (each.name, tuple(sorted(each.labels.items()))): each.value
        for family in families
        for each in family.samples
        if "job" in each.name
    }


def test_prometheus_when_jobs_are_there_counts_them_and_sums_the_last_day() -> None:
    watch = Asked()
    free = {"amount": None, "currency": "USD", "complete": False}
    watch.agents = [job(1), job(2), job(3, deep_model="huge-1", cost=free)]
    found = scraped(watch)
    large = {"engine": "tradingagents_cn", "quick_model": "small-1", "deep_model": "large-1"}

    def of(name: str, **labels: str) -> float:
        return found[name, tuple(sorted(labels.items()))]

    assert of("tacore_jobs", state="done") == 2
    assert of("tacore_jobs", state="queued") == 0
    assert of("tacore_jobs_day_tokens", **large, kind="input") == 82_000
    assert of("tacore_jobs_day_tokens", **large | {"deep_model": "huge-1"}, kind="output") == 5_200
    assert of("tacore_jobs_day_seconds", **large) == 129
    assert of("tacore_jobs_day_cost", **large, currency="USD") == pytest.approx(0.2468)
    assert sum(name == "tacore_jobs_day_cost" for name, _ in found) == 1
    assert watch.asked[0]["limit"] == 1000


def test_prometheus_when_nobody_serves_jobs_has_no_figures_of_them() -> None:
    watch = Asked()
    watch.agents_served = False
    assert scraped(watch) == {}
