"""`tacore jobs`: lists, pages, events, and what changes a job."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tacore.cli import job_states
from tacore.jobs.views import JobView
from tacore.model import jobs as model
from tests.support.agent_jobs import CANCELLED, COURSE, DEGRADED, FAILED, FakeJobs, decided, job, running
from tests.support.command import tacore
from tests.support.fake_broker import FakeBroker
from tests.support.terminal import on_terminal


def after(number: int, *steps: Any, **changes: Any) -> dict[str, Any]:
    """Make a job that has gone through some steps."""
    desk = FakeJobs(job(number, **changes))
    (job_id,) = desk.jobs
    desk.courses[job_id] = list(steps)
    for at in range(len(steps)):
        desk._get_job({"job_id": job_id, "after_id": at + 1, "wait_s": 0})
    return desk.jobs[job_id]


@pytest.fixture
def desk() -> FakeJobs:
    return FakeJobs(
        after(1, decided()),
        after(2, decided("sell", DEGRADED), symbol="AAPL", market="US"),
        after(3, running(0.45, "Bull Researcher", 20_500, 0.06)),
        after(4, FAILED, engine="tradingagents"),
        job(5),
    )


@pytest.fixture
def broker(desk: FakeJobs) -> Iterator[FakeBroker]:
    with FakeBroker(desk) as running_:
        yield running_


def sent(broker: FakeBroker, method: str) -> list[dict[str, Any]]:
    return [each["params"] for each in broker.requests if each["method"] == method]


def rows(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_fake_job_when_shown_is_what_the_manager_shows(desk: FakeJobs) -> None:
    for each in desk.jobs.values():
        assert each.keys() == {*JobView.__struct_fields__}
        msgspec.convert(each, JobView)


def test_states_when_spelt_for_a_fast_start_are_those_of_the_model() -> None:
    assert (job_states.ENDED, job_states.ENGINES) == (model.ENDED, model.ENGINES)
    assert {*job_states.STATES} == model.TRANSITIONS.keys() - {""}


# -- ls ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("words", [["jobs"], ["jobs", "ls"]])
def test_ls_when_in_a_pipe_writes_each_job_newest_first(
    broker: FakeBroker, tmp_path: Path, words: list[str]
) -> None:
    done = tacore(words, tmp_path, broker.endpoint)
    assert (done.returncode, done.stderr) == (0, "")
    assert [each["job_id"][:2] for each in rows(done.stdout)] == ["j5", "j4", "j3", "j2", "j1"]
    assert sent(broker, "list.jobs") == [{"limit": 50}]


def test_ls_when_filtered_asks_for_those(broker: FakeBroker, tmp_path: Path) -> None:
    words = ["jobs", "--state", "done,failed", "--symbol", "600519", "--engine", "tradingagents_cn"]
    done = tacore(
        [*words, "--since", "2026-11-24T06:00:00Z", "--limit", "7", "--columns", "job_id,quality.verdict"],
        tmp_path,
        broker.endpoint,
    )
    assert rows(done.stdout) == [{"job_id": "j1-3fa9", "quality.verdict": "ok"}]
    assert sent(broker, "list.jobs") == [
        {
            "state": ["done", "failed"],
            "engine": "tradingagents_cn",
            "symbol": "600519",
            "since": "2026-11-24T06:00:00+00:00",
            "limit": 7,
        }
    ]


def test_ls_when_there_are_more_than_a_page_asks_for_the_next(tmp_path: Path) -> None:
    many = FakeJobs(*(job(number) for number in range(1, 1203)))
    with FakeBroker(many) as broker:
        done = tacore(["jobs", "-n", "1101"], tmp_path, broker.endpoint)
    assert len({each["job_id"] for each in rows(done.stdout)}) == 1101
    assert sent(broker, "list.jobs") == [{"limit": 1000}, {"before_id": "j203-3fa9", "limit": 101}]


def test_ls_when_on_a_terminal_marks_what_is_degraded(broker: FakeBroker, tmp_path: Path) -> None:
    seen = on_terminal(["jobs"], tmp_path, broker.endpoint)
    head, *lines, counts = [line.split() for line in seen.lines]
    assert head == "job state symbol date decision progress stage tokens cost elapsed".split()
    assert lines[2] == "j3-3fa9 running 600519 2026-11-23 - 45% Bull Researcher 20500 0.06 USD 1m26s".split()
    assert lines[3][4:6] == ["sell", "DEGRADED"]
    assert lines[4][4:6] == ["buy", "100%"]
    assert " ".join(counts) == "1 queued, 1 running, 2 done, 1 failed"


def test_ls_when_there_are_none_says_so(tmp_path: Path) -> None:
    with FakeBroker(FakeJobs()) as broker:
        assert on_terminal(["jobs"], tmp_path, broker.endpoint).lines == ["no rows  no jobs"]
        assert tacore(["jobs"], tmp_path, broker.endpoint).stdout == ""


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("jobs shw", "did you mean show?"),
        ("jobs j1-3fa9", "`tacore jobs show j1-3fa9` shows a job"),
        ("jobs ls j1-3fa9", "jobs ls does not know 'j1-3fa9'"),
        ("jobs --state dne", "--state dne: there is no such state; did you mean done?"),
        ("jobs --engine mine", "allowed: tradingagents_cn, tradingagents"),
        ("jobs --since soon", "--since"),
        ("jobs --limit 0", "--limit is a number of at least 1"),
        ("jobs --watch 0", "--watch is a number of at least 0.1"),
        ("jobs --watch -o json", "has an end"),
        ("jobs --stat done", "jobs ls does not know '--stat'"),
        ("jobs show", "jobs show needs a JOB"),
        ("jobs show a b", "one JOB"),
        ("jobs logs", "jobs logs needs a JOB"),
        ("jobs cancel", "needs a JOB"),
        ("jobs retry --yes j1", "jobs retry does not know '--yes'"),
    ],
)
def test_jobs_when_typed_wrongly_says_what_is_right(
    broker: FakeBroker, tmp_path: Path, words: str, says: str
) -> None:
    done = tacore(words.split(), tmp_path, broker.endpoint)
    assert (done.returncode, done.stdout) == (2, "")
    assert says in done.stderr
    assert broker.requests == []


def test_watch_when_on_a_terminal_draws_over_what_was_there(desk: FakeJobs, tmp_path: Path) -> None:
    with FakeBroker(desk) as broker:
        seen = on_terminal(
            ["jobs", "--watch", "0.1"],
            tmp_path,
            broker.endpoint,
            enough=lambda raw: raw.count("1 queued, 1 running") >= 3,
        )
    assert seen.returncode == 130
    assert "\x1b[7A" in seen.raw  # up over six lines of a table and the one above it
    assert seen.raw.rstrip().endswith("\x1b[?25h")


def test_watch_when_in_a_pipe_writes_rows_of_each_look(broker: FakeBroker, tmp_path: Path) -> None:
    words = ["jobs", "--watch", "0.1", "-o", "csv", "--columns", "job_id,at"]
    seen = on_terminal(words, tmp_path, broker.endpoint, enough=lambda raw: raw.count("j1-3fa9") >= 2)
    assert seen.returncode == 130
    assert len({line.partition(",")[2] for line in seen.lines if line.startswith("j1-")}) >= 2


# -- show --------------------------------------------------------------------------------------------


def test_show_when_in_a_pipe_writes_all_of_it_and_why_not_to_trust_it(
    desk: FakeJobs, broker: FakeBroker, tmp_path: Path
) -> None:
    done = tacore(["-q", "jobs", "show", "j2-3fa9"], tmp_path, broker.endpoint)
    assert done.returncode == 0
    assert json.loads(done.stdout) == desk.jobs["j2-3fa9"]
    assert done.stderr.splitlines() == [
        "DEGRADED  the decision of job j2-3fa9 is not to be trusted:",
        "  empty_report: the news report is empty",
        "  default_decision: the decision is the engine's default",
    ]


def test_show_when_on_a_terminal_shortens_reports_and_says_how_to_see_all(
    broker: FakeBroker, tmp_path: Path
) -> None:
    seen = on_terminal(["jobs", "show", "j2-3fa9"], tmp_path, broker.endpoint)
    text = "\n".join(seen.lines)
    assert re.search(r"^decision +sell DEGRADED$", text, re.MULTILINE)
    for said in ("AAPL", "quick-1", "input 40000", "0.12 USD", "News Analyst", "16"):
        assert said in text
    assert "empty_report" in text
    assert "The very end." not in text
    assert "`tacore jobs show j2-3fa9 --full` shows all" in text
    whole = "\n".join(on_terminal(["jobs", "show", "j2-3fa9", "--full"], tmp_path, broker.endpoint).lines)
    assert "The very end." in whole
    assert "Buy, said the bull." in whole


def test_show_when_a_report_would_move_the_cursor_does_not(tmp_path: Path) -> None:
    evil = after(1, decided(reports=[{"name": "n", "title": "N", "text": "a\x1b[2Jb"}]))
    with FakeBroker(FakeJobs(evil)) as broker:
        seen = on_terminal(["jobs", "show", "j1-3fa9", "--full"], tmp_path, broker.endpoint)
    assert "\x1b[2J" not in seen.raw


@pytest.mark.parametrize(
    ("job_id", "says"),
    [
        ("j2-3fa", "there is no job j2-3fa; did you mean j2-3fa9?"),
        ("aapl", "did you mean j2-3fa9, the newest of AAPL?"),
        ("zzzzzzzz", "there is no job zzzzzzzz\n"),
    ],
)
@pytest.mark.parametrize("command", ["show", "logs", "logs -f", "cancel", "retry"])
def test_job_when_it_does_not_exist_names_the_nearest(
    broker: FakeBroker, tmp_path: Path, command: str, job_id: str, says: str
) -> None:
    done = tacore(["jobs", *command.split(), job_id], tmp_path, broker.endpoint)
    assert (done.returncode, done.stdout) == (7, "")
    assert says in done.stderr


# -- logs --------------------------------------------------------------------------------------------


def test_logs_when_asked_once_writes_what_happened(broker: FakeBroker, tmp_path: Path) -> None:
    done = tacore(["jobs", "logs", "j4-3fa9"], tmp_path, broker.endpoint)
    assert (done.returncode, done.stderr) == (0, "")
    assert [(each["id"], each["kind"]) for each in rows(done.stdout)] == [(1, "queued"), (2, "ended")]
    page = tacore(["jobs", "logs", "j4-3fa9", "-o", "table"], tmp_path, broker.endpoint).stdout
    assert page.splitlines()[1].split(maxsplit=2) == [
        "2026-11-24T06:00:01Z",
        "queued",
        "waits for a free place",
    ]


@pytest.mark.parametrize(
    ("course", "code", "says"),
    [
        (COURSE, 0, "job j5-3fa9 is done: buy 600519 (CN) as of 2026-11-23"),
        ([decided("hold", DEGRADED)], 0, "DEGRADED  the decision of job j5-3fa9"),
        ([FAILED], 3, "tacore: model_unauthorized: job j5-3fa9 failed: the model's server turned"),
        ([CANCELLED], 3, "tacore: cancelled: job j5-3fa9 cancelled"),
    ],
)
def test_logs_when_following_writes_each_event_once_and_ends_with_the_job(
    desk: FakeJobs, broker: FakeBroker, tmp_path: Path, course: list[Any], code: int, says: str
) -> None:
    desk.courses["j5-3fa9"] = list(course)
    done = tacore(["jobs", "logs", "j5-3fa9", "-f"], tmp_path, broker.endpoint)
    assert (done.returncode, says in done.stderr) == (code, True), done.stderr
    assert [each["id"] for each in rows(done.stdout)] == list(range(1, len(course) + 2))
    asked = sent(broker, "get.job")
    assert [each["after_id"] for each in asked] == list(range(len(course) + 1))
    assert all(0 <= each["wait_s"] <= 30 for each in asked)


# -- cancel, retry -----------------------------------------------------------------------------------


def test_cancel_when_named_in_a_script_asks_nobody(broker: FakeBroker, tmp_path: Path) -> None:
    done = tacore(["jobs", "cancel", "j3-3fa9", "j5-3fa9", "j3-3fa9"], tmp_path, broker.endpoint)
    assert (done.returncode, done.stderr) == (0, "")
    assert [(each["job_id"][:2], each["state"]) for each in rows(done.stdout)] == [
        ("j3", "cancelled"),
        ("j5", "cancelled"),
    ]
    assert [each["job_id"][:2] for each in sent(broker, "cancel.job")] == ["j3", "j5"]


@pytest.mark.parametrize(("job_ids", "code"), [(["j1-3fa9"], 3), (["j1-3fa9", "j3-3fa9"], 8)])
def test_cancel_when_a_job_has_ended_is_refused_without_advice_about_orders(
    broker: FakeBroker, tmp_path: Path, job_ids: list[str], code: int
) -> None:
    done = tacore(["jobs", "cancel", *job_ids], tmp_path, broker.endpoint)
    assert done.returncode == code
    assert "denied: job j1-3fa9 can't be cancelled: it is done" in done.stderr
    assert "venue" not in done.stderr


@pytest.mark.parametrize(("words", "answer"), [([], "y\n"), (["--yes"], "")])
def test_cancel_when_a_terminal_agrees_ends_it(
    desk: FakeJobs, broker: FakeBroker, tmp_path: Path, words: list[str], answer: str
) -> None:
    seen = on_terminal(["jobs", "cancel", "j3-3fa9", *words], tmp_path, broker.endpoint, typed=answer)
    assert (seen.returncode, desk.jobs["j3-3fa9"]["state"]) == (0, "cancelled")
    asked = "j3-3fa9  running  45%  600519  Bull Researcher  1m26s  20,500 tokens  0.06 USD" in seen.raw
    assert asked is (not words)


@pytest.mark.parametrize("answer", ["\n", "n\n", "\x04"])
def test_cancel_when_a_terminal_does_not_agree_leaves_it(
    desk: FakeJobs, broker: FakeBroker, tmp_path: Path, answer: str
) -> None:
    seen = on_terminal(["jobs", "cancel", "j3-3fa9"], tmp_path, broker.endpoint, typed=answer)
    assert (seen.returncode, desk.jobs["j3-3fa9"]["state"]) == (130, "running")
    assert seen.lines[-1].endswith("nothing was cancelled")


def test_retry_when_a_job_failed_says_what_to_type_next(
    desk: FakeJobs, broker: FakeBroker, tmp_path: Path
) -> None:
    done = tacore(["jobs", "retry", "j4-3fa9"], tmp_path, broker.endpoint)
    assert (done.returncode, desk.jobs["j4-3fa9"]["state"]) == (0, "queued")
    assert "job j4-3fa9 is queued: `tacore jobs logs -f j4-3fa9` follows it" in done.stderr
    assert tacore(["jobs", "retry", "j1-3fa9"], tmp_path, broker.endpoint).returncode == 3
