"""What `tacore up` says of feature tables that are being built; the refresher's own file is the source."""

import os
from pathlib import Path
from typing import Any

import psutil
import pytest

from tacore.cli.building import LOOK_S, SAY_S, Building
from tacore.market.features.status import write_status

WAITS = {"doing": "it waits for its turn"}
READY = {"doing": "", "full": True}


def tell(folder: Path, pid: int = os.getpid(), **markets: dict[str, Any]) -> None:
    started = psutil.Process().create_time()
    write_status(folder, {"pid": pid, "started": started, "markets": markets})


def half(share: int) -> dict[str, Any]:
    return {"doing": f"its history is {share}% there", "full": False}


@pytest.fixture
def said() -> list[str]:
    return []


def test_building_when_it_goes_on_says_how_far_and_when_it_is_done(tmp_path: Path, said: list[str]) -> None:
    building = Building(tmp_path, said.append)
    tell(tmp_path, US=READY, CN=half(10), HK=WAITS, SIM=WAITS)
    building.turn(100.0)
    tell(tmp_path, US=READY, CN=half(20), HK=WAITS, SIM=WAITS)
    building.turn(100.0 + LOOK_S)
    building.turn(100.0 + SAY_S)
    building.turn(101.0 + 2 * SAY_S)  # nothing is new
    tell(tmp_path, US=READY, CN=READY, HK=READY, SIM=READY)
    building.turn(130.0)
    building.turn(140.0)
    assert said == [
        "feature tables: 1 of 4 markets ready; CN: its history is 10% there; HK, SIM: it waits for its turn "
        f"(the refresher computes them, pid {os.getpid()})",
        "feature tables: 1 of 4 markets ready; CN: its history is 20% there; HK, SIM: it waits for its turn",
        "feature tables: all 4 markets are ready, 30 s later",
    ]


def test_building_when_all_is_there_from_the_start_says_nothing(tmp_path: Path, said: list[str]) -> None:
    building = Building(tmp_path, said.append)
    tell(tmp_path, US=READY, CN=READY)
    building.turn(1.0)
    tell(tmp_path, US=READY, CN=WAITS)  # a later refresher starts over: `tacore ps` shows that
    building.turn(100.0)
    assert said == []


def test_building_when_no_refresher_runs_says_nothing(tmp_path: Path, said: list[str]) -> None:
    building = Building(tmp_path, said.append)
    building.turn(1.0)
    tell(tmp_path, pid=2**22 + 1, CN=half(10))  # left by one that was killed
    building.turn(10.0)
    assert said == []
