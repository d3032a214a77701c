"""Completion scripts, run by the shells they are for, against a service where they ask one."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tacore.cli import app, entry
from tacore.cli.completing import LIVE, TAKES_METHOD, VALUED
from tacore.cli.completion import script
from tacore.cli.spoken import commands
from tests.support.catalogue import service
from tests.support.command import command
from tests.support.fake_broker import FakeBroker

ROOT = Path(__file__).resolve().parents[3]
LINES = [
    ("tacore w", {"worker"}),
    ("tacore worker s", {"spawn", "scale"}),
    ("tacore --home /tmp -q worker sc", {"scale"}),
    ("tacore worker scale --no-w", {"--no-wait"}),
    ("tacore broker start --d", {"--detach"}),
    ("tacore call --ret", {"--retries"}),
    ("tacore -o nd", {"ndjson"}),
    ("tacore ps --output ya", {"yaml"}),
    ("tacore config get zmq.front", {"zmq.frontend_port"}),
    ("tacore completion z", {"zsh"}),
    ("tacore jobs ca", {"cancel"}),
    ("tacore jobs cancel --y", {"--yes"}),
    ("tacore jobs --sta", {"--state"}),
]


ASKED = [
    ("tacore call sc", {"scan.market"}),
    ("tacore call --endpoint tcp://127.0.0.1:1 debug", set()),
    ("tacore describe debug", {"debug.echo"}),
    ("tacore bench deb", {"debug.echo"}),
    ("tacore call scan.market --mark", {"--market"}),
    ("tacore call scan.market --tr", {"--trace"}),
    ("tacore call scan.market --market U", {"US"}),
    ("tacore call scan.market --market=U", {"--market=US"}),
    ("tacore call scan.market --crit", {"--criteria."}),
    ("tacore call scan.market --criteria.mi", {"--criteria.min_volume"}),
    ("tacore call scan.market --descending f", {"false"}),
    ("tacore batch scan.market input --limit 3 --desc", {"--descending"}),
    ("tacore worker restart a", {"all"}),
    ("tacore orders --status fi", {"filled", "final"}),
    ("tacore logs --status ", {"success", "error"}),
    ("tacore jobs ls --state ca", {"cancelled"}),
]
"""What of it the service of `tests.support.catalogue` knows."""


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Give a PATH whose tacore asks a small service."""
    folder = tmp_path_factory.mktemp("path")
    with FakeBroker(service) as broker:
        words = " ".join(f"'{word}'" for word in command())
        variables = f"TACORE_ENDPOINT={broker.endpoint} XDG_CACHE_HOME={folder} PYTHONPATH={ROOT}"
        (folder / "tacore").write_text(f'#!/bin/sh\nexec env {variables} {words} "$@"\n')
        (folder / "tacore").chmod(0o755)
        yield f"{folder}:/usr/local/bin:/usr/bin:/bin"


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


def broken_as_bash_does(line: str) -> list[str]:
    """Split a line at blanks, and at = and : as bash does (the manual's COMP_WORDBREAKS)."""
    return [part for word in line.split(" ") for part in (re.findall(r"[=:]+|[^=:]+", word) or [""])]


@pytest.mark.parametrize(("line", "offered"), [*LINES, *ASKED])
def test_bash_when_completing_offers_what_fits(line: str, offered: set[str], path: str) -> None:
    words = broken_as_bash_does(line)
    typed = " ".join(f"'{word}'" for word in words)
    asked = (
        f"COMP_WORDS=({typed}); COMP_CWORD={len(words) - 1}; _tacore; printf '%s\\n' \"${{COMPREPLY[@]-}}\""
    )
    lead = line.rpartition(" ")[2].removesuffix(words[-1])  # bash keeps it, and puts the offer behind it

    out = run("bash", f"{script('bash', commands())}\n{asked}\n", path, "--norc", "-u")

    assert {lead + each for each in out.split()} == offered


@pytest.mark.parametrize(("line", "offered"), [*LINES, *ASKED])
def test_fish_when_completing_offers_what_fits(line: str, offered: set[str], path: str) -> None:
    out = run("fish", f"{script('fish', commands())}\ncomplete -C '{line}'\n", path, "--no-config")

    assert set(out.split()) == offered


@pytest.mark.parametrize(("line", "offered"), [*LINES, *ASKED])
def test_zsh_when_completing_offers_what_fits(line: str, offered: set[str], path: str) -> None:
    words = line.split(" ")
    typed = " ".join(f"'{word}'" for word in words)
    harness = (
        'compdef() { : }\ncompadd() { while [[ $1 != -- ]]; do shift; done; shift; print -rl -- "$@" }\n'
    )
    asked = f"words=({typed}); CURRENT={len(words)}; _tacore"

    out = run("zsh", f"{harness}{script('zsh', commands())}\n{asked}\n", path, "-f")

    matching = {each for each in out.split() if each.startswith(words[-1])}  # compadd itself does this
    assert matching == offered


def test_script_when_the_service_is_away_offers_no_method(tmp_path: Path) -> None:
    path = f"{tmp_path}:/usr/bin:/bin"
    (tmp_path / "tacore").write_text("#!/bin/sh\necho 'no broker' >&2\nexit 5\n")
    (tmp_path / "tacore").chmod(0o755)
    asked = "COMP_WORDS=(tacore call ''); COMP_CWORD=2; _tacore; printf '%s\\n' \"${COMPREPLY[@]-}\""

    assert run("bash", f"{script('bash', commands())}\n{asked}\n", path, "--norc").strip() == ""


def test_commands_when_listed_are_all_there_are() -> None:
    assert {path.split()[0] for path in commands() if path} == {*app.COMMANDS, *entry.FAST}


def test_what_is_asked_of_the_service_when_listed_is_known_to_the_commands() -> None:
    known = commands()
    assert known.keys() >= LIVE
    own = {each for name in TAKES_METHOD for each in known[name].options}
    assert VALUED <= own
    assert own - VALUED == {"--trace", "--dry-run", "--from-job", "--force", "--yes", "-y"}
