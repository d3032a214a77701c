"""deploy.sh with a docker that writes down what it is asked, deploy.bat's words, and the units."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

DEPLOY = Path(__file__).resolve().parents[3] / "deploy"
COMMANDS = ("up", "down", "status", "logs", "update", "backup", "restore", "help")
UNITS = sorted(path.name for path in (DEPLOY / "systemd").iterdir())
# What it is asked goes to a file, a line for each word, so that a word with spaces shows.
DOCKER = """#!/bin/sh
printf '<%s>' "$@" >>"$ASKED"; echo >>"$ASKED"
case "$*" in
    info) exit ${NO_DAEMON:-0} ;;
    "compose version") exit ${NO_COMPOSE:-0} ;;
    *" ps --quiet "*) printf %s "${RUNS:-}" ;;
    *tacore-backup) printf archive; exit ${NO_BACKUP:-0} ;;
    *" run "*)
        for last; do :; done
        cd "$INSIDE"
        exec sh -euc "$last"
        ;;
    *" port "*) echo 127.0.0.1:5555 ;;
esac
"""


class Deploy:
    """A copy of deploy/ in a folder with a space, and a docker beside it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "my deploy"
        self.folder.mkdir()
        for name in ("deploy.sh", "docker-compose.yml", "env.example", "tacore.env.example"):
            shutil.copy(DEPLOY / name, self.folder)
        self.bin = folder / "bin"
        self.bin.mkdir()
        self.asked = folder / "asked"

    def with_docker(self) -> "Deploy":
        (self.bin / "docker").write_text(DOCKER)
        (self.bin / "docker").chmod(0o755)
        return self

    def run(self, *words: str, **environ: str) -> "subprocess.CompletedProcess[str]":
        tools = [
            shutil.which(each) for each in ("sh", "dirname", "cat", "cp", "mkdir", "sed", "date", "du", "cut")
        ]
        tools += [shutil.which(each) for each in ("rm", "mv", "id", "gzip", "tar", "ls")]
        for tool in filter(None, tools):
            if not (self.bin / Path(tool).name).exists():
                (self.bin / Path(tool).name).symlink_to(tool)
        return subprocess.run(
            [self.bin / "sh", self.folder / "deploy.sh", *words],
            env={"PATH": str(self.bin), "ASKED": str(self.asked)} | environ,
            capture_output=True,
            text=True,
            check=False,
        )

    def lines(self) -> list[str]:
        """Give what docker was asked, without the words that each call begins with."""
        here = self.folder
        begin = f"<compose><--project-directory><{here}><-f><{here}/docker-compose.yml>"
        return [line.removeprefix(begin) for line in self.asked.read_text().splitlines()]


@pytest.fixture
def deploy(tmp_path: Path) -> Deploy:
    return Deploy(tmp_path)


def test_deploy_when_docker_is_missing_says_so(deploy: Deploy) -> None:
    done = deploy.run("up")
    assert (done.returncode, done.stdout) == (1, "")
    assert "docker is not installed" in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("what", "said"), [("NO_COMPOSE", "plugin 'docker compose'"), ("NO_DAEMON", "daemon does not answer")]
)
def test_deploy_when_docker_is_not_whole_says_what_is_missing(deploy: Deploy, what: str, said: str) -> None:
    done = deploy.with_docker().run("up", **{what: "1"})
    assert done.returncode == 1
    assert said in done.stderr
    assert not (deploy.folder / ".env").exists()


def test_deploy_when_asked_for_help_needs_no_docker(deploy: Deploy) -> None:
    done = deploy.run()
    assert done.returncode == 0
    assert all(f"\n  {each}" in done.stdout for each in COMMANDS)


@pytest.mark.parametrize(("words", "code"), [(["upp"], 2), (["up", "now"], 1), (["backup", "a", "b"], 1)])
def test_deploy_when_words_are_wrong_asks_docker_nothing(deploy: Deploy, words: list[str], code: int) -> None:
    assert deploy.with_docker().run(*words).returncode == code
    assert not deploy.asked.exists()


def test_up_when_it_is_the_first_makes_settings_that_others_cannot_read(deploy: Deploy) -> None:
    done = deploy.with_docker().run("up")
    assert done.returncode == 0
    assert "<up><--detach><--wait><--remove-orphans>" in deploy.lines()
    assert (deploy.folder / "tacore.env").stat().st_mode & 0o077 == 0
    assert (deploy.folder / "secrets").stat().st_mode & 0o007 == 0
    assert "127.0.0.1:5555" in done.stderr


def test_down_when_asked_stops_the_broker_before_its_workers(deploy: Deploy) -> None:
    assert deploy.with_docker().run("down").returncode == 0
    assert deploy.lines()[-2:] == ["<stop><broker>", "<down><--remove-orphans>"]


def test_backup_when_made_is_whole_and_for_its_owner_alone(deploy: Deploy, tmp_path: Path) -> None:
    file = tmp_path / "of the day" / "a b.tar.gz"
    done = deploy.with_docker().run("backup", str(file), RUNS="id")
    assert done.returncode == 0, done.stderr
    assert file.read_text() == "archive"
    assert file.stat().st_mode & 0o077 == 0
    assert [path.name for path in file.parent.iterdir()] == ["a b.tar.gz"]
    assert deploy.run("backup", str(file), RUNS="id").returncode == 1


@pytest.mark.parametrize("environ", [{"RUNS": "id", "NO_BACKUP": "1"}, {}])
def test_backup_when_it_fails_leaves_nothing(deploy: Deploy, tmp_path: Path, environ: dict[str, str]) -> None:
    file = tmp_path / "out" / "a.tar.gz"
    assert deploy.with_docker().run("backup", str(file), **environ).returncode == 1
    assert not file.parent.exists() or list(file.parent.iterdir()) == []


def test_update_when_the_backup_fails_replaces_nothing(deploy: Deploy) -> None:
    done = deploy.with_docker().run("update", RUNS="id", NO_BACKUP="1")
    assert done.returncode == 1
    assert "<build><--pull><broker>" in deploy.lines()
    assert not any(line.startswith("<up>") for line in deploy.lines())


def test_restore_when_the_service_runs_or_there_is_no_file_is_refused(deploy: Deploy) -> None:
    deploy.with_docker()
    assert "which archive" in deploy.run("restore").stderr
    assert "down" in deploy.run("restore", str(DEPLOY / "deploy.sh"), RUNS="id").stderr
    assert "no whole archive" in deploy.run("restore", str(DEPLOY / "deploy.sh")).stderr
    assert not any(line.startswith("<run>") for line in deploy.lines())


def test_restore_when_the_service_is_down_puts_the_data_back_and_the_present_aside(
    deploy: Deploy, tmp_path: Path
) -> None:
    inside = tmp_path / "inside"
    (inside / "data" / "history").mkdir(parents=True)
    (inside / "data" / "ledger.db").write_text("of the backup")
    file = tmp_path / "a b.tar.gz"
    subprocess.run(["tar", "-czf", file, "-C", inside, "data/ledger.db"], check=True)
    (inside / "data" / "ledger.db").write_text("of today")
    (inside / "data" / "ledger.db-wal").write_text("of today")

    done = deploy.with_docker().run("restore", str(file), INSIDE=str(inside))

    assert done.returncode == 0, done.stderr
    assert (inside / "data" / "ledger.db").read_text() == "of the backup"
    assert not (inside / "data" / "ledger.db-wal").exists()
    [aside] = (inside / "data").glob("before-restore-*")
    assert {path.name: path.read_text() for path in aside.iterdir()} == {
        "ledger.db": "of today",
        "ledger.db-wal": "of today",
    }


def test_batch_file_when_read_has_every_command_and_quotes_its_words() -> None:
    text = (DEPLOY / "deploy.bat").read_text(encoding="ascii")
    for name in COMMANDS[:-1]:
        assert f"\n:do_{name}\n" in text
        assert f"\necho   {name}" in text
    assert "%*" not in text
    assert "docker is not installed" in text


@pytest.mark.skipif(shutil.which("shellcheck") is None, reason="no shellcheck here")
@pytest.mark.parametrize("name", ["deploy.sh", "install.sh"])
def test_shell_script_when_checked_has_nothing_to_say(name: str) -> None:
    done = subprocess.run(["shellcheck", DEPLOY / name], capture_output=True, text=True, check=False)
    assert done.stdout == ""


def test_install_when_a_step_is_unknown_does_none() -> None:
    done = subprocess.run(
        ["sh", DEPLOY / "install.sh", "check", "everything"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "no step 'everything'" in done.stderr


def test_unit_when_read_stops_in_order_and_is_no_root() -> None:
    lines = (DEPLOY / "systemd" / "tacore.service").read_text(encoding="utf-8").splitlines()
    assert {"User=tacore", "KillMode=mixed", "NoNewPrivileges=yes", "ProtectSystem=strict"} <= set(lines)
    assert "ExecStart=/opt/tacore/bin/tacore up" in lines
    assert "RestartPreventExitStatus=6 130" in lines


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd here")
@pytest.mark.parametrize("name", UNITS)
def test_unit_when_verified_is_right(name: str, tmp_path: Path) -> None:
    # Programs are looked up on this machine, which has none of tacore's: another stands for them.
    for unit in UNITS:
        text = (DEPLOY / "systemd" / unit).read_text(encoding="utf-8")
        (tmp_path / unit).write_text(text.replace("/opt/tacore/bin/tacore ", "/bin/true "))
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", tmp_path / name],
        env=os.environ | {"SYSTEMD_LOG_LEVEL": "warning"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, [line for line in done.stderr.splitlines() if "tacore" in line]) == (0, [])
