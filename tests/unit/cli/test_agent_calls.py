"""Calls that begin agent jobs: `tacore call ... --wait`, `tacore batch`, what is never replayed."""

import json
import re
import signal
import subprocess
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tacore.cli.agent_calls import is_agents, without_wait
from tacore.cli.jobs.pursuit import AGAIN_S, Pursuit
from tacore.client.envelope import Reply
from tacore.errors import NotFound, TacoreError, Unavailable, UnknownMethod
from tests.support.agent_jobs import (
    CANCELLED,
    COURSE,
    DEGRADED,
    FAILED,
    FakeJobs,
    Step,
    decided,
    job,
    running,
)
from tests.support.command import command, environment, tacore
from tests.support.fake_broker import FakeBroker
from tests.support.terminal import on_terminal

ASK = ["call", "analyze.stock", "--symbol", "600519", "--analysis-type", "agents"]
WAIT = [*ASK, "--wait"]


def served(*courses: Sequence[Step]) -> FakeBroker:
    return FakeBroker(FakeJobs(planned=courses))


def desk_of(broker: FakeBroker) -> FakeJobs:
    assert isinstance(broker.handler, FakeJobs)
    return broker.handler


def sent(broker: FakeBroker, method: str) -> list[dict[str, Any]]:
    return [each["params"] for each in broker.requests if each["method"] == method]


@pytest.mark.parametrize(
    ("method", "params", "agents"),
    [
        ("analyze.agents", {}, True),
        ("analyze.stock", {"analysis_type": "agents"}, True),
        ("analyze.symbol", {"analysisType": " Agent "}, True),
        ("analyze.stock", {"analysis_type": "comprehensive"}, False),
        ("analyze.stock", {"analysis_type": 7}, False),
        ("analyze.stock", {}, False),
        ("scan.market", {"analysis_type": "agents"}, False),
    ],
)
def test_call_when_it_is_for_agents_is_known_as_the_broker_knows_it(
    method: str, params: dict[str, Any], agents: bool
) -> None:
    assert is_agents(method, params) is agents


def test_wait_when_taken_out_tells_no_from_nothing_said() -> None:
    assert without_wait({"a": 1, "wait": False}) == ({"a": 1}, False)
    assert without_wait({"a": 1}) == ({"a": 1}, None)


# -- call ----------------------------------------------------------------------------------------------


def test_call_when_nobody_waits_shows_the_job_and_what_to_type(tmp_path: Path) -> None:
    with served() as broker:
        done = tacore(ASK, tmp_path, broker.endpoint)
    assert (done.returncode, json.loads(done.stdout)["state"]) == (0, "queued")
    assert done.stderr == (
        "job j1-3fa9 is queued: `tacore jobs logs -f j1-3fa9` follows it, "
        "`tacore jobs cancel j1-3fa9` ends it\n"
    )
    assert sent(broker, "get.job") == []


def test_call_when_waiting_follows_the_job_and_prints_its_decision(tmp_path: Path) -> None:
    with served() as broker:
        done = tacore(WAIT, tmp_path, broker.endpoint)
    assert (done.returncode, done.stderr) == (0, "")
    (line,) = done.stdout.splitlines()
    found = json.loads(line)
    assert (found["state"], found["signal"], found["tokens"]["total"]) == ("done", "buy", 41203)
    assert [each["id"] for each in found["events"]] == [1, 2, 3, 4]
    assert sent(broker, "analyze.stock") == [{"symbol": "600519", "analysis_type": "agents"}]
    assert [each["after_id"] for each in sent(broker, "get.job")] == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("course", "says"),
    [
        (FAILED, "tacore: model_unauthorized: job j1-3fa9 failed: the model's server turned the key away"),
        (CANCELLED, "tacore: cancelled: job j1-3fa9 cancelled"),
    ],
)
def test_call_when_the_job_decides_nothing_says_why_and_exits_3(
    tmp_path: Path, course: Step, says: str
) -> None:
    with served([running(0.1, "Market Analyst", 9), course]) as broker:
        done = tacore(WAIT, tmp_path, broker.endpoint)
    assert (done.returncode, done.stdout) == (3, "")
    assert says in done.stderr
    assert "`tacore jobs retry j1-3fa9`" in done.stderr


def test_call_when_the_decision_is_degraded_prints_it_and_says_why_even_quietly(tmp_path: Path) -> None:
    with served([decided("hold", DEGRADED)]) as broker:
        done = tacore(["-q", *WAIT], tmp_path, broker.endpoint)
    assert (done.returncode, json.loads(done.stdout)["signal"]) == (0, "hold")
    assert done.stderr.splitlines() == [
        "DEGRADED  the decision of job j1-3fa9 is not to be trusted:",
        "  empty_report: the news report is empty",
        "  default_decision: the decision is the engine's default",
    ]


def test_call_when_the_same_was_decided_before_says_so_and_waits_for_nothing(tmp_path: Path) -> None:
    desk = FakeJobs(job(1) | {name: each for name, each in decided().items() if name != "event"})
    desk.joins = "j1-3fa9"
    with FakeBroker(desk) as broker:
        done = tacore(ASK, tmp_path, broker.endpoint)
    assert (done.returncode, json.loads(done.stdout)["signal"]) == (0, "buy")
    assert "job j1-3fa9 was there already" in done.stderr
    assert sent(broker, "get.job") == []


def test_call_when_the_manager_is_away_for_a_while_asks_again_and_says_so_once(tmp_path: Path) -> None:
    with served() as broker:
        desk_of(broker).away = 2
        done = tacore(WAIT, tmp_path, broker.endpoint)
    assert (done.returncode, json.loads(done.stdout)["signal"]) == (0, "buy")
    assert done.stderr.splitlines() == [
        "tacore: no worker serves get.job: asking again",
        "tacore: it answers again",
    ]


def test_call_when_the_broker_is_started_again_goes_on(tmp_path: Path) -> None:
    desk = FakeJobs(planned=[[running(0.1, "Market Analyst", 9), decided()]])
    desk.delay_s = 0.3
    first = FakeBroker(desk)
    with subprocess.Popen(
        command(*WAIT),
        cwd=tmp_path,
        env=environment(TACORE_ENDPOINT=first.endpoint),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        first.wait_for(3, 30)
        first.stop()
        with FakeBroker(desk, first.endpoint):
            out, err = process.communicate(timeout=60)
    assert (process.returncode, json.loads(out)["state"]) == (0, "done"), err
    assert "asking again" in err
    assert len(desk.jobs) == 1


def test_call_when_interrupted_leaves_the_job_and_names_it(tmp_path: Path) -> None:
    desk = FakeJobs(planned=[[running(0.1, "Market Analyst", 9)] * 200])
    desk.delay_s = 0.2
    with (
        FakeBroker(desk) as broker,
        subprocess.Popen(
            command(*WAIT),
            cwd=tmp_path,
            env=environment(TACORE_ENDPOINT=broker.endpoint),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process,
    ):
        broker.wait_for(4, 30)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    assert (process.returncode, out) == (130, "")
    assert err == (
        "tacore: interrupted: job j1-3fa9 goes on; `tacore jobs logs -f j1-3fa9` follows it, "
        "`tacore jobs cancel j1-3fa9` ends it\n"
    )
    assert sent(broker, "cancel.job") == []


def test_call_when_a_person_waits_shows_stage_tokens_cost_and_goes(tmp_path: Path) -> None:
    course = [
        *COURSE[:2],
        running(0.5, "Trader", 30_000, 0.07, event=("retry", "429, again in 4 s")),
        decided(),
    ]
    with served(course) as broker:
        desk_of(broker).delay_s = 0.4
        seen = on_terminal(
            WAIT, tmp_path, broker.endpoint, stdout=tmp_path / "out", columns=100, environ={"NO_COLOR": "1"}
        )
    shown = seen.raw.split("\r\x1b[K")
    assert (seen.returncode, shown[-1]) == (0, "")
    assert any(
        re.search(r"^\[#+\.+\] +45%  600519  Bull Researcher  1m2\ds  20,500 tokens  0.06 USD$", each)
        for each in shown
    )
    assert any(each.endswith("600519  queued") for each in shown)
    assert "retry: 429, again in 4 s\r\n" in shown
    assert json.loads((tmp_path / "out").read_text())["signal"] == "buy"


@pytest.mark.parametrize(("words", "term"), [(["-q"], "xterm"), ([], "dumb")])
def test_progress_when_nobody_wants_it_is_not_shown(tmp_path: Path, words: list[str], term: str) -> None:
    with served() as broker:
        seen = on_terminal(
            [*words, *WAIT], tmp_path, broker.endpoint, stdout=tmp_path / "out", environ={"TERM": term}
        )
    assert (seen.returncode, seen.raw) == (0, "")


def test_call_when_it_is_another_analysis_sends_wait_as_it_is(tmp_path: Path) -> None:
    with served() as broker:
        done = tacore(["call", "analyze.stock", "--symbol", "AAPL", "--wait"], tmp_path, broker.endpoint)
    assert json.loads(done.stdout)["params"] == {"symbol": "AAPL", "wait": True}


def test_dry_run_when_for_agents_shows_what_would_be_sent(tmp_path: Path) -> None:
    with served() as broker:
        done = tacore([*WAIT, "--dry-run"], tmp_path, broker.endpoint)
    assert json.loads(done.stdout)["params"] == {"symbol": "600519", "analysis_type": "agents"}
    assert sent(broker, "analyze.stock") == []


# -- following, without a service ----------------------------------------------------------------------


def reply(data: Any = None, error: TacoreError | None = None) -> Reply:
    return Reply(data, "1", "success" if error is None else "error", error, 0.0, 0, (), {})


def test_pursuit_when_a_service_answers_at_once_with_nothing_new_takes_a_rest() -> None:
    pursuit = Pursuit("j1-3fa9")
    pursuit.question(10.0)
    assert pursuit.heard(reply(job(1)), 10.1) == 0.0
    pursuit.question(10.1)
    assert pursuit.heard(reply(job(1, events=[])), 10.2) == AGAIN_S
    pursuit.question(20.0)
    assert pursuit.heard(reply(job(1, events=[])), 40.0) == 0.0


def test_pursuit_when_a_service_is_away_for_too_long_gives_up() -> None:
    pursuit = Pursuit("j1-3fa9", job(1), away_s=60)
    lost = reply(error=Unavailable("nobody"))
    assert pursuit.heard(lost, 100.0) == AGAIN_S
    assert pursuit.heard(lost, 160.0) == AGAIN_S
    pursuit.heard(reply(job(1)), 160.5)
    assert pursuit.heard(lost, 161.0) == AGAIN_S
    with pytest.raises(Unavailable):
        pursuit.heard(lost, 222.0)


def test_pursuit_when_a_new_broker_knows_no_jobs_yet_is_patient_but_not_with_the_first_answer() -> None:
    unknown = reply(error=UnknownMethod("Unsupported method: get.job"))
    assert Pursuit("j1-3fa9", job(1)).heard(unknown, 1.0) == AGAIN_S
    for error in (unknown, reply(error=NotFound("no job"))):
        with pytest.raises(TacoreError):
            Pursuit("j1-3fa9").heard(error, 1.0)


def test_pursuit_when_a_job_runs_lets_its_time_pass() -> None:
    pursuit = Pursuit("j1-3fa9")
    pursuit.heard(reply(job(1, state="running", elapsed_s=7.5)), 100.0)
    assert pursuit.elapsed_s(102.0) == 9.5
    pursuit.heard(reply(job(1, elapsed_s=8.0)), 103.0)
    assert pursuit.elapsed_s(200.0) == 8.0


# -- batch ---------------------------------------------------------------------------------------------


@pytest.fixture
def watch_list(tmp_path: Path) -> Path:
    path = tmp_path / "in.ndjson"
    path.write_text("".join(f'{{"symbol": "{each}"}}\n' for each in ("AAPL", "MSFT", "600519", "0700")))
    return path


BATCH = ["batch", "analyze.stock", "in.ndjson", "--analysis-type", "agents"]


def test_batch_when_of_agents_follows_each_job_to_its_end_and_never_more_than_asked(
    watch_list: Path,
) -> None:
    courses = [COURSE, [FAILED], [running(0.3, "Trader", 9), decided("hold", DEGRADED)], [CANCELLED]]
    with served(*courses) as broker:
        most = Counted(desk_of(broker))
        broker.handler = most
        done = tacore([*BATCH, "--concurrency", "2"], watch_list.parent, broker.endpoint)
    rows = {row["line"]: row for row in map(json.loads, done.stdout.splitlines())}
    assert (done.returncode, sorted(rows)) == (8, [1, 2, 3, 4]), done.stderr
    assert (rows[1]["status"], rows[1]["data"]["state"]) == ("success", "done")
    assert [each["id"] for each in rows[1]["data"]["events"]] == [1, 2, 3, 4]
    assert rows[2]["error"]["code"] == "model_unauthorized"
    assert rows[2]["error"]["details"] == {"job_id": "j2-3fa9"}
    assert (rows[3]["params"], rows[3]["data"]["quality"]["verdict"]) == (
        {"analysis_type": "agents", "symbol": "600519"},
        "degraded",
    )
    assert rows[4]["error"]["code"] == "cancelled"
    assert done.stderr == "1 decision is DEGRADED: data.quality says why\n"
    assert most.seen == 2


class Counted:
    """Counts the jobs that are under way whenever one more begins."""

    def __init__(self, desk: FakeJobs) -> None:
        self.desk = desk
        self.seen = 0
        self._lock = threading.Lock()

    def __call__(self, request: dict[str, Any]) -> Any:
        with self._lock:
            answer = self.desk(request)
            states = [each["state"] for each in self.desk.jobs.values()]
            self.seen = max(self.seen, sum(each in ("queued", "running") for each in states))
        return answer


def test_batch_when_the_manager_is_away_waits_for_it(watch_list: Path) -> None:
    with served() as broker:
        desk_of(broker).away = 5
        done = tacore(BATCH, watch_list.parent, broker.endpoint)
    assert (done.returncode, done.stdout.count('"state": "done"')) == (0, 4), done.stderr


def test_batch_when_told_not_to_wait_only_begins_jobs(watch_list: Path) -> None:
    with served() as broker:
        done = tacore([*BATCH, "--wait", "false"], watch_list.parent, broker.endpoint)
    assert done.stdout.count('"state": "queued"') == 4
    assert [sorted(each) for each in sent(broker, "analyze.stock")] == [["analysis_type", "symbol"]] * 4
    assert sent(broker, "get.job") == []


def test_batch_when_interrupted_leaves_its_jobs_and_names_them(watch_list: Path) -> None:
    desk = FakeJobs(planned=[[running(0.1, "Trader", 9)] * 200] * 4)
    desk.delay_s = 0.2
    with (
        FakeBroker(desk) as broker,
        subprocess.Popen(
            command(*BATCH, "--concurrency", "2"),
            cwd=watch_list.parent,
            env=environment(TACORE_ENDPOINT=broker.endpoint),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process,
    ):
        broker.wait_for(8, 30)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    assert (process.returncode, out) == (130, "")
    assert "interrupted: 2 jobs go on: j1-3fa9, j2-3fa9; `tacore jobs` lists them" in err


def test_batch_when_a_person_watches_shows_what_jobs_use(watch_list: Path) -> None:
    courses = [[running(0.5, "Trader", 1_000, 0.5), running(0.6, "Trader", 2_000, 0.25), decided()]] * 4
    with served(*courses) as broker:
        desk_of(broker).delay_s = 0.6
        seen = on_terminal(BATCH, watch_list.parent, broker.endpoint, stdout=watch_list.parent / "out")
    assert seen.returncode == 0
    assert re.search(r"\[#+\.+\] +50%  0 of 4 answered, 4 under way, 4,000 tokens, 2.0 USD", seen.raw)
    assert seen.raw.split("\r\x1b[K")[-1] == ""
