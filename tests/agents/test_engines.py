"""The real engines, run by the adapter against a scripted model server (make test-agents)."""

import re
import shutil
import time
from pathlib import Path

import psutil
import pytest

from tacore.model.jobs import Engine
from tacore.ports.analyst import Finished, Stage, Used
from tests.agents.conftest import CALLS
from tests.support.agent_runs import KEY, Team, ask_of
from tests.support.model_server import ModelServer

BEFORE_THE_END = {"tradingagents_cn": "Risk Judge", "tradingagents": "Portfolio Manager"}


def test_engine_when_the_model_answers_decides_and_counts_as_its_server_does(
    engine: Engine, agents: Team, server: ModelServer
) -> None:
    _, heard = agents.start(ask_of(engine))

    outcome = heard.outcome()

    assert outcome.decision.action == "buy"
    assert (len(server.calls), heard.calls(), server.answered) == (CALLS[engine],) * 3
    assert heard.used() == heard.staged() == server.usage
    assert server.keys_seen == {KEY}
    assert [each.tool for each in outcome.tool_calls if each.tool == "prices"]
    assert all(each.text for each in outcome.reports)
    assert {each.debate for each in outcome.debates} == {"investment", "risk"}
    assert outcome.engine_version
    progress = [each.progress for each in heard.of(Stage)]
    assert progress == sorted(progress) and progress[-1] < 1


def test_engine_when_it_is_killed_again_and_again_pays_no_finished_node_twice(
    engine: Engine, agents: Team, server: ModelServer
) -> None:
    finished = 0
    for stages in (3, 5, 6):
        run, heard = agents.start(ask_of(engine))
        heard.wait_for_stages(stages)
        run.kill()
        finished += len(heard.nodes())

    _, heard = agents.start(ask_of(engine))
    outcome = heard.outcome()

    assert finished > 9
    assert outcome.decision.action == "buy"
    # A call in flight at each kill may be repeated.
    assert CALLS[engine] <= server.answered <= CALLS[engine] + 3
    prices = [each for each in outcome.tool_calls if each.tool == "prices"]
    assert prices, "evidence of the first attempt is kept"


def test_engine_when_the_model_fails_in_the_middle_goes_on_where_it_was(
    engine: Engine, agents: Team, server: ModelServer
) -> None:
    server.fail("500", from_call=10, calls=1)
    _, first = agents.start(ask_of(engine))
    broke = first.broke()

    _, second = agents.start(ask_of(engine))
    outcome = second.outcome()

    assert (broke.code, broke.passing) == ("model_unavailable", True)
    assert server.answered == CALLS[engine]
    assert len(server.calls) == CALLS[engine] + 1, "no try of the client's own"
    assert outcome.decision.action == "buy"
    assert first.nodes()[-1] != second.nodes()[0]


@pytest.mark.parametrize(
    ("mode", "code", "passing"),
    [
        ("401", "model_unauthorized", False),
        ("429", "model_rate_limited", True),
        ("malformed", "model_answer_unreadable", True),
    ],
)
def test_engine_when_the_model_is_down_breaks_with_its_cause(
    mode: str, code: str, passing: bool, engine: Engine, agents: Team, server: ModelServer
) -> None:
    server.change(_mode=mode, retry_after_s=7)

    _, heard = agents.start(ask_of(engine))
    broke = heard.broke()

    assert (broke.code, broke.passing) == (code, passing)
    assert broke.retry_after_s == (7 if mode == "429" else None)
    assert len(server.calls) == 1
    assert heard.calls() == (mode == "malformed"), "a call that was refused used nothing"
    assert KEY not in heard.text()


def test_engine_when_the_last_judge_has_no_model_breaks_instead_of_deciding(
    engine: Engine, agents: Team, server: ModelServer
) -> None:
    server.fail("500", from_call=CALLS[engine] - (engine == "tradingagents_cn"))

    _, heard = agents.start(ask_of(engine))
    broke = heard.broke()

    assert broke.code == "model_unavailable"
    assert BEFORE_THE_END[engine] in broke.message


def test_engine_when_the_model_talks_nonsense_is_not_trusted(
    engine: Engine, agents: Team, server: ModelServer
) -> None:
    server.mode = "garbage"

    _, heard = agents.start(ask_of(engine))
    end = heard.end()

    if isinstance(end, Finished):
        assert end.outcome.quality.verdict == "degraded"
        assert {"default_decision", "no_evidence"} <= {each.code for each in end.outcome.quality.flaws}
    else:
        assert (end.code, end.passing) == ("unparseable_signal", False)


def test_engine_when_nothing_is_counted_and_an_answer_is_cut_off_says_so(
    engine: Engine, agents: Team, server: ModelServer
) -> None:
    server.mode = "uncounted"
    server.fail("cut", from_call=CALLS[engine] - 4, calls=1)

    _, heard = agents.start(ask_of(engine))
    flaws = [each.code for each in heard.outcome().quality.flaws]

    assert flaws.count("cut_off") == 1
    assert sum(each.spent.estimated for each in heard.of(Used)) == CALLS[engine] - 1
    read, written = (sum(each[at] for each in heard.used().values()) for at in (0, 1))
    assert read > 0.7 * sum(each[0] for each in server.usage.values())
    assert written > sum(each[1] for each in server.usage.values())


def test_engine_when_it_is_cancelled_amid_a_call_is_gone_and_calls_no_more(
    engine: Engine, agents: Team, server: ModelServer
) -> None:
    server.fail("hang", from_call=4)
    run, heard = agents.start(ask_of(engine))
    server.wait_for_calls(4, 60)

    began = time.monotonic()
    run.kill()
    took_s = time.monotonic() - began

    assert took_s < 2
    assert heard.calls() == 4 and heard.of(Used)[-1].spent.estimated
    assert not psutil.pid_exists(run.pid)
    said = len(heard.all())
    server.mode = "ok"
    time.sleep(0.5)
    assert (len(server.calls), len(heard.all())) == (4, said)


def test_engine_when_it_runs_connects_to_its_model_alone(
    engine: Engine, agents: Team, server: ModelServer, tmp_path: Path
) -> None:
    strace = shutil.which("strace")
    if strace is None:
        pytest.skip("strace is not installed")
    traced = tmp_path / "traced"
    python = agents.python
    wrapper = tmp_path / "python"
    wrapper.write_text(f'#!/bin/sh\nexec {strace} -f -qq -e trace=connect -o {traced} "{python}" "$@"\n')
    wrapper.chmod(0o755)
    watched = agents.with_python(wrapper)

    _, heard = watched.start(ask_of(engine))
    heard.outcome()
    watched.analyst.close()

    tried = re.findall(r"connect\(\d+, (\{.*?\}), \d+\)", traced.read_text())
    port = server.url.rsplit(":", 1)[1].split("/")[0]
    assert tried
    assert all(f"htons({port})" in each and "127.0.0.1" in each for each in tried), tried


def test_engine_when_a_warmed_process_is_killed_gets_another(
    engine: Engine, agents: Team, server: ModelServer
) -> None:
    agents.analyst.warm()
    for each in psutil.Process().children():
        each.kill()
        each.wait(10)

    _, heard = agents.start(ask_of(engine))

    assert heard.outcome().decision.action == "buy"
    assert heard.of(Used)
