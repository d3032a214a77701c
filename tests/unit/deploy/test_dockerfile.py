"""The Dockerfile and what it is built from."""

import json
import shutil
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from deploy.locked import blocks, needed
from scripts.dockerfile import context, instructions

TOP = Path(__file__).resolve().parents[3]
STEPS = instructions(TOP / "deploy" / "Dockerfile")
LAST = STEPS[max(number for number, (word, _) in enumerate(STEPS) if word == "FROM") :]
LOCK = (TOP / "requirements.lock").read_text(encoding="utf-8")


def required(name: str, extras: frozenset[str], seen: set[str]) -> set[str]:
    """Walk what installed packages say they need here: the oracle for what the lock's notes say."""
    for line in metadata.requires(name) or []:
        need = Requirement(line)
        wanted = any(need.marker is None or need.marker.evaluate({"extra": each}) for each in extras | {""})
        key = need.name.lower().replace("_", "-").replace(".", "-")
        if wanted and key not in seen:
            seen.add(key)
            required(need.name, frozenset(need.extras), seen)
    return seen


def test_image_when_built_runs_as_a_user_without_rights() -> None:
    [user] = [rest for word, rest in LAST if word == "USER"]
    assert user == "10001:10001"
    assert not [rest for word, rest in LAST[-5:] if word == "RUN"]


def test_image_when_started_has_tacore_itself_as_first_process() -> None:
    found = {word: rest for word, rest in LAST if word in {"ENTRYPOINT", "CMD", "STOPSIGNAL"}}
    assert json.loads(found["ENTRYPOINT"]) == ["tacore"]
    assert json.loads(found["CMD"]) == ["up"]
    assert found["STOPSIGNAL"] == "SIGTERM"


def test_image_when_it_runs_has_a_healthcheck_and_unbuffered_output() -> None:
    words = dict(LAST)
    assert json.loads(words["HEALTHCHECK"].partition(" CMD ")[2])[0] == "tacore"
    assert any("PYTHONUNBUFFERED=1" in rest for word, rest in LAST if word == "ENV")


def test_last_stage_when_built_installs_nothing_from_the_network() -> None:
    ran = " ".join(rest for word, rest in LAST if word == "RUN")
    assert not any(tool in ran for tool in ("apt", "pip", "curl", "packages"))


def test_lock_when_cut_down_has_what_tacore_needs_and_no_development() -> None:
    names = {text.split("==")[0] for text in needed(blocks(LOCK), "tacore")}
    extras = frozenset(metadata.metadata("tacore").get_all("Provides-Extra") or [])
    assert required("tacore", extras, set()) <= names
    assert names.isdisjoint(
        {"mypy", "ruff", "pytest", "playwright", "schemathesis", "hypothesis", "uv", "hatchling"}
    )
    assert all("--hash=sha256:" in text for text in needed(blocks(LOCK), "tacore"))


def test_lock_when_cut_to_the_builder_has_what_that_needs() -> None:
    names = {text.split("==")[0] for text in needed(blocks(LOCK), "hatchling")}
    assert required("hatchling", frozenset(), set()) | {"hatchling"} == names


def test_context_when_sent_holds_no_key_no_data_and_no_cache(tmp_path: Path) -> None:
    top, sent = tmp_path / "top", tmp_path / "sent"
    wanted = ["requirements.lock", "tacore/cli/up.py", "tacore/monitor/static/page.js", "config/config.yaml"]
    wanted += ["deploy/install.sh", "pyproject.toml"]
    unwanted = ["deploy/tacore.env", "deploy/.env", "deploy/secrets/key", "data/ledger.db", "tests/test_x.py"]
    unwanted += ["tacore/cli/__pycache__/up.pyc", "logs/worker.log", "config/keys.env"]
    for name in wanted + unwanted:
        (top / name).parent.mkdir(parents=True, exist_ok=True)
        (top / name).touch()
    shutil.copy(TOP / ".dockerignore", top)

    context(top, sent)

    assert {str(path.relative_to(sent)) for path in sent.rglob("*") if path.is_file()} == set(wanted)


@pytest.mark.parametrize(
    "name", [each for word, rest in STEPS if word == "COPY" for each in rest.split()[:-1]]
)
def test_source_when_copied_is_there(name: str) -> None:
    assert name.startswith("--from=") or name == "/opt/tacore" or (TOP / name).exists()
