"""Supervisors of pools that own a store: one worker, one supervisor in a home."""

import os
from pathlib import Path
from typing import Any

import pytest

from tacore.bootstrap import supervisor
from tacore.errors import ConfigurationError
from tacore.settings.load import load_settings
from tacore.settings.loaded import Loaded


@pytest.fixture
def loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Loaded:
    monkeypatch.setattr(supervisor, "methods_of", lambda _loaded, _pool: {})
    monkeypatch.setattr(supervisor, "start_logs", lambda *_args, **_more: None)
    return load_settings({"home": tmp_path}, environ={}, cwd=tmp_path)


def serve(loaded: Loaded, count: int = 1, pool: str = "orders") -> None:
    supervisor.serve_workers(loaded, count=count, pool=pool, endpoint="tcp://127.0.0.1:1")


def test_supervisor_when_asked_for_two_workers_of_an_exclusive_pool_says_why_not(loaded: Loaded) -> None:
    with pytest.raises(ConfigurationError, match="pool orders has one worker, not 2") as caught:
        serve(loaded, 2)
    assert caught.value.details == {"count": {"value": 2, "allowed": 1}}


def test_supervisor_when_another_keeps_the_pool_up_names_its_pid(
    loaded: Loaded, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []

    def keep(*_args: Any, **_more: Any) -> None:
        with pytest.raises(ConfigurationError) as caught:
            serve(loaded)
        said.append(caught.value.message)

    monkeypatch.setattr(supervisor, "_supervise", keep)
    serve(loaded)
    assert f"by the supervisor with pid {os.getpid()}" in said[0]
    assert str(loaded.settings.home) in said[0]
    assert sorted(each.name for each in loaded.settings.run_dir.iterdir()) == []


def test_supervisor_when_the_one_before_has_ended_takes_its_place(
    loaded: Loaded, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept: list[tuple[int, str]] = []
    monkeypatch.setattr(
        supervisor, "_supervise", lambda _loaded, count, pool, *_rest, **_more: kept.append((count, pool))
    )
    serve(loaded)
    serve(loaded)
    serve(loaded, 3, "fast")
    assert kept == [(1, "orders"), (1, "orders"), (3, "fast")]


def test_pool_when_no_method_belongs_to_it_is_not_served(loaded: Loaded) -> None:
    assert supervisor.serves(loaded, "fast")
    assert not supervisor.serves(loaded, "no-such-pool")


def test_ledger_when_settings_are_loaded_is_in_the_data_folder(loaded: Loaded) -> None:
    assert loaded.settings.ledger_path == loaded.settings.home / "data" / "ledger.db"
