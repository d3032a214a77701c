"""Completion scripts, run by the shells they are for."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tacore.cli import app, entry
from tacore.cli.completion import script
from tacore.cli.spoken import commands

LINES = [
    ("tacore w", {"worker"}),
    ("tacore worker s", {"spawn", "scale"}),
    ("tacore --home /tmp -q worker sc", {"scale"}),
    ("tacore worker scale --no-w", {"--no-wait"}),
    ("tacore broker start --d", {"--detach"}),
    ("tacore call --ret", {"--retries"}),
    ("tacore -o nd", {"ndjson"}),
    ("tacore ps --output ya", {"yaml"}),
    ("tacore call sc", {"scan.market"}),
    ("tacore describe health", {"health.check"}),
    ("tacore config get zmq.front", {"zmq.frontend_port"}),
    ("tacore completion z", {"zsh"}),
]


@pytest.fixture
def path(tmp_path: Path) -> str:
    """Give a PATH whose tacore only knows two methods."""
    fake = tmp_path / "tacore"
    fake.write_text("#!/bin/sh\nprintf 'name\\nhealth.check\\nscan.market\\n'\n")
    fake.chmod(0o755)
    return f"{tmp_path}:/usr/local/bin:/usr/bin:/bin"


def run(shell: str, text: str, path: str, *options: str) -> str:
    found = shutil.which(shell)
    if found is None:
        pytest.skip(f"{shell} is not installed")
    done = subprocess.run(
        [found, *options],
        input=text,
        env={"PATH": path, "HOME": path.partition(":")[0], "TERM": "dumb"},
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    assert done.stderr == ""
    return done.stdout


@pytest.mark.parametrize(("line", "offered"), LINES)
def test_bash_when_completing_offers_what_fits(line: str, offered: set[str], path: str) -> None:
    words = line.split(" ")
    typed = " ".join(f"'{word}'" for word in words)
    asked = (
        f"COMP_WORDS=({typed}); COMP_CWORD={len(words) - 1}; _tacore; printf '%s\\n' \"${{COMPREPLY[@]}}\""
    )

    out = run("bash", f"{script('bash', commands())}\n{asked}\n", path, "--norc", "-u")

    assert set(out.split()) == offered


@pytest.mark.parametrize(("line", "offered"), LINES)
def test_fish_when_completing_offers_what_fits(line: str, offered: set[str], path: str) -> None:
    out = run("fish", f"{script('fish', commands())}\ncomplete -C '{line}'\n", path, "--no-config")

    assert set(out.split()) == offered


@pytest.mark.parametrize(("line", "offered"), LINES)
def test_zsh_when_completing_offers_what_fits(line: str, offered: set[str], path: str) -> None:
    words = line.split(" ")
    typed = " ".join(f"'{word}'" for word in words)
    harness = 'compdef() { : }\ncompadd() { shift; print -rl -- "$@" }\n'
    asked = f"words=({typed}); CURRENT={len(words)}; _tacore"

    out = run("zsh", f"{harness}{script('zsh', commands())}\n{asked}\n", path, "-f")

    matching = {each for each in out.split() if each.startswith(words[-1])}  # compadd itself does this
    assert matching == offered


def test_script_when_the_service_is_away_offers_no_method(path: str) -> None:
    (Path(path.partition(":")[0]) / "tacore").write_text("#!/bin/sh\nexit 5\n")
    asked = "COMP_WORDS=(tacore call ''); COMP_CWORD=2; _tacore; printf '%s\\n' \"${COMPREPLY[@]-}\""

    assert run("bash", f"{script('bash', commands())}\n{asked}\n", path, "--norc").strip() == ""


def test_commands_when_listed_are_all_there_are() -> None:
    assert {path.split()[0] for path in commands() if path} == {*app.COMMANDS, *entry.FAST}
