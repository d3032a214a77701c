"""What `tacore up` starts, and when it says that all of it is there."""

import json
import os
from pathlib import Path
from typing import Any

import psutil
import pytest

from tacore import processes, runfiles
from tacore.cli import up
from tacore.cli.globals import Globals
from tacore.cli.screen import Screen
from tacore.market.features.status import write_status
from tacore.settings.load import load_settings
from tacore.settings.loaded import Loaded


@pytest.fixture
def loaded(tmp_path: Path) -> Loaded:
    return load_settings({"home": tmp_path}, environ={}, cwd=tmp_path)


def health(*teams: tuple[int, str, int, int]) -> dict[str, Any]:
    """Report a broker of pid 1 and supervisors: pid, pool, wanted, there."""
    supervisors = [{"supervisor": f"s{pid}", "pid": pid, "wanted": wanted} for pid, _, wanted, _ in teams]
    workers = [{"supervisor": f"s{pid}", "pool": pool} for pid, pool, _, there in teams for _ in range(there)]
    return {"pid": 1, "components": {"workers": {"supervisors": supervisors, "workers": workers}}}


@pytest.mark.parametrize(
    ("workers", "owners", "expected"),
    [
        (3, ["orders"], [("broker", None), ("workers", (3, "fast")), ("workers", (1, "orders"))]),
        (0, ["orders", "agents"], [("broker", None), ("workers", (1, "orders")), ("workers", (1, "agents"))]),
        (3, [], [("broker", None), ("workers", (3, "fast"))]),
        (0, [], [("broker", None)]),
    ],
)
def test_up_when_it_starts_has_a_part_for_each_team(
    loaded: Loaded, monkeypatch: pytest.MonkeyPatch, workers: int, owners: list[str], expected: list[Any]
) -> None:
    started: list[Any] = []

    def child(argv: list[str], spec: dict[str, Any]) -> None:
        started.append((argv[-1], (spec["count"], spec["pool"]) if "count" in spec else None))

    monkeypatch.setattr(processes, "Child", child)
    parts = up._parts(loaded, workers, owners, monitor=False, quiet=True)
    for part in parts:
        part.start()
    assert started == expected
    assert len({part.name for part in parts}) == len(parts)


@pytest.mark.parametrize(
    ("teams", "complete"),
    [
        ([(2, "fast", 2, 2), (3, "orders", 1, 1)], True),
        ([(2, "fast", 2, 1), (3, "orders", 1, 1)], False),
        ([(2, "fast", 2, 2), (3, "orders", 1, 0)], False),
        ([(2, "fast", 2, 2)], False),
        ([(2, "fast", 2, 2), (9, "orders", 1, 1)], False),
    ],
)
def test_screen_when_each_team_is_there_is_complete(
    loaded: Loaded, teams: list[tuple[int, str, int, int]], complete: bool
) -> None:
    screen = Screen(loaded, ["workers", "orders"], Globals())
    assert screen.complete(health(*teams), {"broker": 1, "workers": 2, "orders": 3}) is complete


def test_up_when_it_has_a_monitor_stops_it_last_and_can_do_without(
    loaded: Loaded, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[list[str]] = []
    monkeypatch.setattr(processes, "Child", lambda argv, _spec: started.append(argv))
    parts = up._parts(loaded, 1, ["orders", "agents"], monitor=True, quiet=True)
    assert [(part.name, part.vital) for part in parts] == [
        ("broker", True),
        ("workers", True),
        ("orders", True),
        ("agents", True),
        ("monitor", False),
    ]
    parts[-1].start()
    assert started[0][1:] == ["-m", "tacore.monitor"]


def test_screen_when_it_shows_a_monitor_waits_for_it(loaded: Loaded, capsys: Any) -> None:
    screen = Screen(loaded, ["workers", "monitor"], Globals())
    pids = {"broker": 1, "workers": 2, "monitor": os.getpid()}
    told = health((2, "fast", 1, 1))
    assert not screen.complete(told, pids)
    with runfiles.announced(loaded.settings.run_dir / "monitor.json", {"url": "u"}):
        assert screen.complete(told, pids)
        assert not screen.complete(told, pids | {"monitor": 1})
    told["workers"] = 1
    screen.ready(told, pids)
    assert json.loads(capsys.readouterr().out)["monitor"] == "http://127.0.0.1:8000"
    assert screen.complete(told, pids)  # once all were there, the service is ready again without it


def test_screen_when_only_the_broker_was_asked_for_is_complete_with_it(loaded: Loaded) -> None:
    screen = Screen(loaded, [], Globals())
    assert screen.complete(health(), {"broker": 1})
    assert not screen.complete(health(), {"broker": 5})


@pytest.mark.parametrize(
    ("terminal", "quiet", "said"), [(True, False, True), (True, True, False), (False, False, False)]
)
def test_screen_when_tables_are_built_says_so_on_a_terminal_alone(
    loaded: Loaded,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    terminal: bool,
    quiet: bool,
    said: bool,
) -> None:
    started = psutil.Process().create_time()
    doing = {"CN": {"doing": "its history is 40% there"}}
    loaded.settings.features_dir.mkdir(parents=True)
    write_status(loaded.settings.features_dir, {"pid": os.getpid(), "started": started, "markets": doing})
    monkeypatch.setattr("sys.stderr.isatty", lambda: terminal)
    screen = Screen(loaded, [], Globals(quiet=quiet, output="ndjson"))
    screen.turn(1.0)  # before it is ready there is other news
    assert capsys.readouterr().err == ""
    screen.ready(health(), {"broker": 1})
    screen.turn(5.0)
    assert ("CN: its history is 40% there" in capsys.readouterr().err) is said
