"""Follow deploy/Dockerfile without Docker: each stage is a folder that holds a whole Debian root.

What it does not know it refuses, so that the Dockerfile can't come to say what was never run.
"""

import fnmatch
import json
import os
import re
import shlex
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

PASSED_ON = ("PIP_CERT", "PIP_INDEX_URL", "SSL_CERT_FILE", "http_proxy", "https_proxy", "no_proxy")
"""What the machine says about reaching packages; nothing else of it gets into a step."""
APART = ("unshare", "--mount", "--pid", "--fork")
IN_A_ROOT = (
    'mount -t proc proc "$0/proc" && mount --rbind /dev "$0/dev" && exec /usr/sbin/chroot "$0" sh -c "$1"'
)


@dataclass
class Stage:
    """A root, and what the instructions so far say about running something in it."""

    root: Path
    environ: dict[str, str] = field(
        default_factory=lambda: {"PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin"}
    )
    workdir: str = "/"
    user: str = "0:0"
    entrypoint: list[str] = field(default_factory=list)
    command: list[str] = field(default_factory=list)
    healthcheck: list[str] = field(default_factory=list)

    def run(self, command: str) -> None:
        """Run a shell command in the root; CalledProcessError where it fails."""
        passed = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
        inside = f"cd {shlex.quote(self.workdir)} && {command}"
        subprocess.run(
            [*APART, "sh", "-c", IN_A_ROOT, str(self.root), inside], env=passed | self.environ, check=True
        )

    def copy(self, source: Path, target: str) -> None:
        """Copy a file or a folder's content as COPY does."""
        into = self.root / (Path(self.workdir) / target).relative_to("/")
        if source.is_dir():
            shutil.copytree(source, into, symlinks=True, dirs_exist_ok=True)
        else:
            into = into / source.name if target.endswith("/") else into
            into.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, into)


def instructions(dockerfile: Path) -> list[tuple[str, str]]:
    """Give each instruction's word and the rest of it."""
    text = re.sub(r"^\s*#.*\n", "", dockerfile.read_text(encoding="utf-8"), flags=re.MULTILINE)
    lines = [line.strip() for line in text.replace("\\\n", " ").splitlines()]
    return [(line.split()[0], line.split(maxsplit=1)[1]) for line in lines if line]


def context(top: Path, into: Path) -> None:
    """Copy what .dockerignore lets through; the last pattern that fits decides."""
    rules = [
        line.strip()
        for line in (top / ".dockerignore").read_text(encoding="utf-8").splitlines()
        if line.strip()
    ]
    patterns = [(rule.lstrip("!").rstrip("/"), rule[0] == "!") for rule in rules if rule[0] != "#"]
    for folder, below, files in os.walk(top):
        below[:] = [name for name in below if not name.startswith(".")]
        for name in files:
            inside = (Path(folder) / name).relative_to(top)
            if _let_through(inside, patterns):
                (into / inside).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(top / inside, into / inside)


def _let_through(path: Path, patterns: list[tuple[str, bool]]) -> bool:
    ways = [str(path), *map(str, path.parents)]
    through = True
    for pattern, wanted in patterns:
        plain = pattern.removeprefix("**/")
        names = path.parts if plain != pattern else ways
        if any(fnmatch.fnmatchcase(each, plain) for each in names):
            through = wanted
    return through


def follow(dockerfile: Path, base: Path, top: Path, into: Path) -> Stage:
    """Run every instruction; give the last stage, with its root under ``into``."""
    stages: dict[str, Stage] = {}
    stage = Stage(base)
    for number, (word, rest) in enumerate(instructions(dockerfile)):
        if word == "FROM":
            name = rest.split(" AS ")[1] if " AS " in rest else "last"
            stage = stages[name] = Stage(into / name)
            subprocess.run(["cp", "-a", "--reflink=auto", str(base), str(stage.root)], check=True)
        elif word == "COPY":
            _copy(rest, stage, stages, top)
        elif word == "RUN":
            print(f"step {number}: {rest}", flush=True)
            stage.run(rest)
        else:
            _note(word, rest, stage)
    return stage


def _copy(rest: str, stage: Stage, stages: dict[str, Stage], top: Path) -> None:
    *sources, target = rest.split()
    origin = top
    if sources[0].startswith("--from="):
        origin = stages[sources.pop(0).removeprefix("--from=")].root
    for each in sources:
        stage.copy(origin / each.lstrip("/"), target)


def _note(word: str, rest: str, stage: Stage) -> None:
    if word == "ENV":
        stage.environ |= dict(pair.split("=", 1) for pair in shlex.split(rest))
    elif word == "WORKDIR":
        stage.workdir = rest
        (stage.root / rest.lstrip("/")).mkdir(parents=True, exist_ok=True)
    elif word == "USER":
        stage.user = rest
    elif word == "ENTRYPOINT":
        stage.entrypoint = json.loads(rest)
    elif word == "CMD":
        stage.command = json.loads(rest)
    elif word == "HEALTHCHECK":
        stage.healthcheck = json.loads(rest.partition(" CMD ")[2])
    elif word not in {"ARG", "EXPOSE", "STOPSIGNAL"}:
        raise SystemExit(
            f"scripts/dockerfile.py cannot follow {word}: teach it to, or the step is never tried"
        )
