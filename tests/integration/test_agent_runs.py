"""Agents on stand-ins of both engines, through the adapter: processes that fail, hang, lie and are killed."""

import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from tacore.errors import Unavailable
from tacore.market.router import Markets
from tacore.model.jobs import Engine
from tacore.ports.analyst import Looked, Noted, Stage, Used, Wrote
from tests.support.agent_runs import KEY, KEY_NAME, Team, agent_settings, ask_of, team
from tests.support.agents import Engine as StandIn
from tests.support.agents import interpreter, standin
from tests.support.model_answers import Wish
from tests.support.model_server import ModelServer
from tests.support.vendors.serving import serving

CALLS: dict[Engine, int] = {"tradingagents_cn": 16, "tradingagents": 15}
ENGINES: tuple[StandIn, ...] = ("tradingagents_cn", "tradingagents")


@pytest.fixture(scope="module")
def standins(tmp_path_factory: pytest.TempPathFactory) -> dict[Engine, tuple[Path, Path]]:
    folder = tmp_path_factory.mktemp("checkouts")
    return {engine: standin(engine, folder) for engine in ENGINES}


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModelServer]:
    monkeypatch.setenv(KEY_NAME, KEY)
    with ModelServer(KEY) as server:
        yield server


@pytest.fixture
def build(
    standins: dict[Engine, tuple[Path, Path]], server: ModelServer, tmp_path: Path
) -> Iterator[Callable[..., Team]]:
    built: list[Team] = []

    def make(engine: Engine, markets: Markets | None = None, **model: object) -> Team:
        checkout, python = standins[engine]
        settings = agent_settings(server.url, **model)
        built.append(team(engine, checkout, python, settings, tmp_path, markets))
        return built[-1]

    yield make
    for each in built:
        each.analyst.close()


@pytest.fixture
def cn(build: Callable[..., Team]) -> Team:
    return build("tradingagents_cn")


@pytest.mark.parametrize("engine", ENGINES)
def test_run_when_the_model_answers_decides_and_counts_as_its_server_does(
    engine: Engine, build: Callable[..., Team], server: ModelServer
) -> None:
    run, heard = build(engine).start(ask_of(engine))

    outcome = heard.outcome()

    assert outcome.decision.action == "buy"
    assert (len(server.calls), heard.calls()) == (CALLS[engine], CALLS[engine])
    assert heard.used() == heard.staged() == server.usage
    assert [each.report for each in heard.of(Wrote)]
    assert list(outcome.tool_calls) == [each.call for each in heard.of(Looked)]
    assert {each.debate for each in outcome.debates} == {"investment", "risk"}
    assert not psutil.pid_exists(run.pid)
    assert {each.spent.cost is None for each in heard.costs("deep-model")} == {True}
    assert {each.spent.cost is None for each in heard.costs("quick-model")} == {False}


@pytest.mark.parametrize("engine", ENGINES)
def test_run_when_a_vendor_has_news_shows_them_and_is_not_degraded_for_want_of_any(
    engine: Engine, build: Callable[..., Team], tmp_path: Path
) -> None:
    with serving("yahoo", "US", tmp_path) as (_, markets):
        _, heard = build(engine, markets).start(ask_of(engine, analysts=("market", "news")))
        outcome = heard.outcome()
    looks = [each for each in outcome.tool_calls if each.tool == "news"]
    assert {(each.source, each.as_of, each.error) for each in looks} == {("yahoo", "2024-03-12", "")}
    assert "no_data" not in [each.code for each in outcome.quality.flaws]


def test_run_when_there_are_more_rounds_never_goes_back_and_ends_before_one(
    build: Callable[..., Team],
) -> None:
    agents = build("tradingagents")
    _, heard = agents.start(ask_of("tradingagents", debate_rounds=3, risk_rounds=2))

    outcome = heard.outcome()

    progress = [each.progress for each in heard.of(Stage)]
    assert progress == sorted(progress)
    assert 0.9 < progress[-1] < 1
    speakers = [each.speaker for each in outcome.debates]
    assert speakers[:6] == ["Bull Analyst", "Bear Analyst"] * 3
    assert len(speakers) == 12


@pytest.mark.parametrize("engine", ENGINES)
def test_run_when_its_process_is_killed_breaks_and_goes_on_after_the_last_node(
    engine: Engine, build: Callable[..., Team], server: ModelServer
) -> None:
    agents = build(engine)
    server.fail("hang", from_call=8)
    run, first = agents.start(ask_of(engine))
    server.wait_for_calls(8)
    os.kill(run.pid, signal.SIGKILL)
    broke = first.broke()
    answered = server.answered
    server.fail("ok", from_call=1)

    _, second = agents.start(ask_of(engine))
    outcome = second.outcome()

    assert (broke.code, broke.passing) == ("child_died", True)
    assert "killed by signal 9" in broke.message
    assert answered == 7
    assert 0 <= server.answered - CALLS[engine] <= 1, "only what a node began may be repeated"
    assert [each.tool for each in outcome.tool_calls][: len(first.of(Looked))] == [
        each.call.tool for each in first.of(Looked)
    ]
    assert not set(first.nodes()) & {"Research Manager"}


def test_run_when_it_has_decided_already_asks_no_model_again(cn: Team, server: ModelServer) -> None:
    _, first = cn.start(ask_of("tradingagents_cn"))
    decision = first.outcome().decision
    calls = len(server.calls)

    _, second = cn.start(ask_of("tradingagents_cn"))

    assert second.outcome().decision == decision
    assert len(server.calls) == calls


def test_run_when_its_signal_named_no_action_asks_for_it_alone_again(cn: Team, server: ModelServer) -> None:
    server.change(wish=Wish(action="观望"))
    _, first = cn.start(ask_of("tradingagents_cn"))
    broke = first.broke()
    calls = len(server.calls)
    server.change(wish=Wish())

    _, second = cn.start(ask_of("tradingagents_cn"))

    assert broke.code == "unparseable_signal"
    assert second.outcome().decision.action == "buy"
    assert (calls, len(server.calls)) == (CALLS["tradingagents_cn"], calls + 1)


def test_run_when_it_is_killed_amid_a_call_is_gone_and_says_nothing_more(
    cn: Team, server: ModelServer
) -> None:
    server.fail("hang", from_call=3)
    run, heard = cn.start(ask_of("tradingagents_cn"))
    server.wait_for_calls(3)
    began = time.monotonic()

    run.kill()

    said = len(heard.all())
    assert time.monotonic() - began < 2
    assert not psutil.pid_exists(run.pid)
    run.kill()
    server.mode = "ok"
    server.fail("ok", from_call=1)
    assert (len(server.calls), len(heard.all())) == (3, said)


def test_run_when_a_call_takes_too_long_breaks_though_its_server_drips(
    build: Callable[..., Team], server: ModelServer
) -> None:
    server.mode = "hang"
    _, heard = build("tradingagents", timeout_s=0.3).start(ask_of("tradingagents"))

    broke = heard.broke()

    assert (broke.code, broke.passing) == ("model_timeout", True)


@pytest.mark.parametrize(
    ("mode", "code", "passing"),
    [
        ("401", "model_unauthorized", False),
        ("429", "model_rate_limited", True),
        ("503", "model_unavailable", True),
        ("malformed", "model_answer_unreadable", True),
    ],
)
def test_run_when_the_model_is_down_breaks_with_its_cause(
    mode: str, code: str, passing: bool, cn: Team, server: ModelServer
) -> None:
    server.change(_mode=mode, retry_after_s=7)

    _, heard = cn.start(ask_of("tradingagents_cn"))
    broke = heard.broke()

    assert (broke.code, broke.passing) == (code, passing)
    assert broke.retry_after_s == (7 if mode in ("429", "503") else None)
    assert len(server.calls) == 1


def test_run_when_nobody_listens_at_the_models_address_breaks(
    build: Callable[..., Team], server: ModelServer
) -> None:
    agents = build("tradingagents_cn", base_url="http://127.0.0.1:9/v1")

    _, heard = agents.start(ask_of("tradingagents_cn"))
    broke = heard.broke()

    assert (broke.code, broke.passing) == ("model_unavailable", True)


def test_run_when_its_server_counts_no_tokens_estimates_them_and_says_so_once(
    cn: Team, server: ModelServer
) -> None:
    """The server knows what it read and wrote; an estimate is more than a third of the characters."""
    server.mode = "uncounted"

    _, heard = cn.start(ask_of("tradingagents_cn"))
    heard.outcome()

    assert len(heard.of(Noted)) == 1
    assert heard.calls() == CALLS["tradingagents_cn"]
    assert all(each.spent.estimated and not each.spent.complete for each in heard.of(Used))
    assert {each.spent.cost for each in heard.costs("quick-model")} == {None}
    assert all(each.spent.estimated_cost for each in heard.costs("quick-model"))
    for model, (read, written) in server.usage.items():
        assert heard.used()[model][0] > read * 0.7  # the server counts the marks of the form too
        assert heard.used()[model][1] > written
    assert heard.used() == heard.staged()


@pytest.mark.parametrize(
    ("mode", "counted"), [("hang", True), ("malformed", True), ("503", False), ("401", False)]
)
def test_run_when_a_call_was_broken_off_counts_what_it_may_have_used(
    mode: str, counted: bool, build: Callable[..., Team], server: ModelServer
) -> None:
    server.fail(mode, from_call=3)  # type: ignore[arg-type]
    _, heard = build("tradingagents_cn", timeout_s=0.3).start(ask_of("tradingagents_cn"))

    heard.broke()

    assert heard.calls() == 2 + counted
    last = heard.of(Used)[-1].spent
    assert (last.estimated, last.output_tokens == 4000) == (counted, counted)
    assert (
        len(server.calls[2].prompt) / 2 <= last.input_tokens <= len(server.calls[2].prompt) * 3 or not counted
    )


@pytest.mark.parametrize("engine", ENGINES)
def test_run_when_it_was_killed_before_a_finished_node_was_in_the_checkpoint_goes_on(
    engine: Engine, build: Callable[..., Team], server: ModelServer
) -> None:
    agents = build(engine)
    server.fail("hang", from_call=8)
    run, _ = agents.start(ask_of(engine))
    server.wait_for_calls(8)
    (checkpoint,) = agents.folder.rglob("checkpoint")
    before = checkpoint.read_bytes()
    run.kill()
    server.fail("hang", from_call=10)
    run, _ = agents.start(ask_of(engine))
    server.wait_for_calls(10)
    run.kill()
    assert checkpoint.read_bytes() != before
    checkpoint.write_bytes(before)  # what the node of call 9 wrote lies beside it
    server.fail("ok", from_call=1)

    _, last = agents.start(ask_of(engine))
    outcome = last.outcome()

    assert server.answered == CALLS[engine], "no finished node is paid twice"
    assert outcome.decision.action == "buy"
    assert outcome.debates


@pytest.mark.parametrize("killed", [True, False])
def test_run_when_it_is_killed_amid_a_call_counts_what_that_may_have_used(
    killed: bool, cn: Team, server: ModelServer
) -> None:
    server.fail("hang", from_call=3)
    run, heard = cn.start(ask_of("tradingagents_cn"))
    server.wait_for_calls(3)

    if killed:
        run.kill()
    else:
        os.kill(run.pid, signal.SIGKILL)
        heard.broke()

    assert heard.calls() == 3
    assert heard.of(Used)[-1].spent.estimated


def test_run_when_nothing_listens_counts_no_call(build: Callable[..., Team], server: ModelServer) -> None:
    _, heard = build("tradingagents_cn", base_url="http://127.0.0.1:9/v1").start(ask_of("tradingagents_cn"))

    heard.broke()

    assert heard.of(Used) == []


def test_run_when_the_model_talks_nonsense_is_not_trusted(cn: Team, server: ModelServer) -> None:
    server.mode = "garbage"

    _, heard = cn.start(ask_of("tradingagents_cn"))

    flaws = {each.code for each in heard.outcome().quality.flaws}
    assert {"default_decision", "no_evidence"} <= flaws


def test_run_when_a_node_was_cut_off_or_failed_says_so_though_it_was_resumed(
    cn: Team, server: ModelServer, tmp_path: Path
) -> None:
    server.fail("cut", from_call=2, calls=1)
    run, first = cn.start(ask_of("tradingagents_cn"))
    first.wait_for_stages(6)
    run.kill()
    (tmp_path / "job" / "troubles.json").write_text(
        (tmp_path / "job" / "troubles.json").read_text().replace('"failed": []', '"failed": ["ToolError: x"]')
    )

    _, second = cn.start(ask_of("tradingagents_cn"))

    flaws = {each.code: each.message for each in second.outcome().quality.flaws}
    assert flaws["cut_off"].startswith("the answer of Market Analyst was cut off")
    assert flaws["analyst_failed"].startswith("ToolError: x")


def test_run_when_it_has_the_models_key_shows_it_nowhere(
    cn: Team, server: ModelServer, tmp_path: Path
) -> None:
    server.fail("hang", from_call=5)
    run, heard = cn.start(ask_of("tradingagents_cn"))
    server.wait_for_calls(5)

    lines = [" ".join(each.cmdline()) for each in psutil.Process().children(recursive=True)]
    run.kill()
    server.change(_mode="401")
    server.fail("ok", from_call=1, calls=6)
    _, again = cn.start(ask_of("tradingagents_cn"))
    again.broke()

    assert server.keys_seen == {KEY}
    assert lines
    assert KEY not in "".join(lines) + heard.text() + again.text()
    kept = [each for each in tmp_path.rglob("*") if each.is_file() and not each.is_symlink()]
    assert {"checkpoint", "run.log", "evidence.ndjson"} <= {each.name for each in kept}
    assert [each for each in kept if KEY.encode() in each.read_bytes()] == []
    assert stat.S_IMODE((tmp_path / "job").stat().st_mode) == 0o700


def test_run_when_its_parent_dies_ends_amid_a_call(
    standins: dict[Engine, tuple[Path, Path]], server: ModelServer, tmp_path: Path
) -> None:
    checkout, python = standins["tradingagents_cn"]
    program = (
        "import sys, time, pathlib; from tests.support.agent_runs import agent_settings, ask_of, team; "
        "checkout, python, folder = map(pathlib.Path, sys.argv[2:]); "
        "made = team('tradingagents_cn', checkout, python, agent_settings(sys.argv[1]), folder); "
        "print(made.start(ask_of('tradingagents_cn'))[0].pid, flush=True); time.sleep(60)"
    )
    server.fail("hang", from_call=2)
    with subprocess.Popen(
        [sys.executable, "-c", program, server.url, str(checkout), str(python), str(tmp_path)],
        stdout=subprocess.PIPE,
    ) as parent:
        assert parent.stdout is not None
        child = psutil.Process(int(parent.stdout.readline()))
        server.wait_for_calls(2)
        parent.kill()

    psutil.wait_procs([child], timeout=20)

    assert not child.is_running() or child.status() == psutil.STATUS_ZOMBIE


@pytest.mark.parametrize(
    ("program", "code", "words"),
    [
        ('print(\'{"kind": "what"}\', flush=True); import time; time.sleep(60)', "runner_unreadable", "what"),
        ("print('no json', flush=True); import time; time.sleep(60)", "runner_unreadable", "no json"),
        ("import sys; [sys.stdout.write('x' * 1000000) for _ in range(40)]", "child_died", "16 MiB"),
        ("import sys; sys.exit('lost: KEY')", "child_died", "lost: [key]"),
        ("import os; os.close(1); import time; time.sleep(60)", "child_died", "signal 9"),
    ],
)
def test_run_when_its_process_talks_nonsense_breaks_and_ends_it(
    program: str, code: str, words: str, cn: Team, tmp_path: Path
) -> None:
    liar = tmp_path / "liar"
    liar.write_text(f"#!{sys.executable}\n{program.replace('KEY', KEY)}\n")
    liar.chmod(0o755)

    run, heard = cn.with_python(liar).start(ask_of("tradingagents_cn"))
    broke = heard.broke()

    assert broke.code == code
    assert words in broke.message
    run.kill()
    assert not psutil.pid_exists(run.pid)


def test_run_when_the_interpreter_lacks_the_packages_says_which(cn: Team, tmp_path: Path) -> None:
    python = interpreter(tmp_path / "bare")
    for each in tmp_path.glob("bare/lib/*/site-packages/standins.pth"):
        each.unlink()

    _, heard = cn.with_python(python).start(ask_of("tradingagents_cn"))
    broke = heard.broke()

    assert (broke.code, broke.passing) == ("engine_unusable", False)
    assert "No module named" in broke.message


def test_run_when_its_checkpoint_is_damaged_breaks_instead_of_paying_again(
    cn: Team, server: ModelServer, tmp_path: Path
) -> None:
    (tmp_path / "job").mkdir()
    (tmp_path / "job" / "checkpoint").write_bytes(b"msgpack\nnothing")

    _, heard = cn.start(ask_of("tradingagents_cn"))
    broke = heard.broke()

    assert (broke.code, broke.passing) == ("checkpoint_unreadable", False)
    assert server.calls == []


def warmed_by(team: Team) -> list[psutil.Process]:
    """Warm a process, twice, and give those that this began; other children are not the team's."""
    before = psutil.Process().children()
    team.analyst.warm()
    team.analyst.warm()
    return [each for each in psutil.Process().children() if each not in before]


def test_process_when_it_is_warmed_serves_one_run_and_leaves_nothing(
    cn: Team, server: ModelServer, tmp_path: Path
) -> None:
    warmed = warmed_by(cn)

    run, heard = cn.start(ask_of("tradingagents_cn"))
    heard.outcome()

    assert [each.pid for each in warmed] == [run.pid]
    cn.analyst.close()
    assert list((tmp_path / "agents").iterdir()) == []


def test_process_when_it_died_while_it_waited_is_replaced(cn: Team, server: ModelServer) -> None:
    [warmed] = warmed_by(cn)
    warmed.kill()
    psutil.wait_procs([warmed], timeout=0.1)

    run, heard = cn.start(ask_of("tradingagents_cn"))

    assert heard.outcome().decision.action == "buy"
    assert run.pid != warmed.pid


def test_check_when_things_are_missing_names_each_that_has_to_be_set(
    server: ModelServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(KEY_NAME)
    lacking = team(
        "tradingagents_cn", Path(), tmp_path / "nothing", agent_settings(server.url, quick=""), tmp_path
    )

    with pytest.raises(Unavailable) as caught:
        lacking.analyst.check(ask_of("tradingagents_cn"))

    assert caught.value.details["set"] == [
        "TRADINGAGENTS_PATH",
        "TRADINGAGENTS_PYTHON",
        "agents.model.quick",
        KEY_NAME,
    ]


def test_check_when_the_checkout_is_of_the_other_engine_says_so(
    standins: dict[Engine, tuple[Path, Path]], server: ModelServer, tmp_path: Path
) -> None:
    _, python = standins["tradingagents_cn"]
    wrong = team(
        "tradingagents_cn", standins["tradingagents"][0], python, agent_settings(server.url), tmp_path
    )

    with pytest.raises(Unavailable, match=r"is one of TauricResearch.s TradingAgents"):
        wrong.analyst.check(ask_of("tradingagents_cn"))
