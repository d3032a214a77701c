"""Run docker-compose.yml's services from a root without Docker: user, mounts, read-only root, pid namespace.

All boxes share the network namespace they are started in, with each service's name for its loopback address.
Not here, since only Docker has it: limits of memory and processor, restarts, the separate networks, tini.
"""

import os
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from scripts.dockerfile import Stage

DEPLOY = Path(__file__).resolve().parents[1] / "deploy"
APART = ("unshare", "--mount", "--pid", "--uts", "--fork", "--kill-child=KILL")
# The last command replaces the shell, so that the service is process 1 of its namespace, as in a container.
START = 'hostname "$1" && . "$2" && shift 2 && exec /usr/sbin/chroot "$@"'


@dataclass
class Box:
    """One container's worth of processes."""

    name: str
    stage: Stage
    service: dict[str, Any]
    volumes: Path
    log: Path
    process: subprocess.Popen[bytes] | None = None
    environ: dict[str, str] = field(default_factory=dict)

    def start(self, settings: dict[str, str]) -> None:
        """Start the service's command."""
        self.environ = (
            self.stage.environ | settings | _words(self.service["environment"]) | {"HOSTNAME": self.name}
        )
        script = self.volumes / f"{self.name}.sh"
        script.write_text("\n".join(self._mounts()) + "\n", encoding="utf-8")
        command = [*self.stage.entrypoint, *map(str, self.service["command"])]
        with self.log.open("ab") as lines:
            self.process = subprocess.Popen(
                [*APART, "sh", "-ec", START, "sh", self.name, str(script), *self._in_root(command)],
                env=self.environ,
                stdout=lines,
                stderr=lines,
            )

    def run(self, *command: str, **environ: str) -> "subprocess.CompletedProcess[bytes]":
        """Run a command beside the service, as `docker compose exec` does."""
        into = ["nsenter", f"--target={self._first()}", "--mount", "--pid", "--uts", "--root"]
        command_line = into + self._as_user(list(command))
        return subprocess.run(
            command_line, env=self.environ | environ, cwd="/", capture_output=True, check=False
        )

    def healthy(self) -> bool:
        """Run the service's healthcheck; EnvironmentError where the service has ended."""
        if self.process is not None and self.process.poll() is not None:
            raise OSError(
                f"{self.name} ended with {self.process.returncode}: {self.log.read_text(encoding='utf-8')}"
            )
        if not self._children():
            return False
        kind, *test = self.service["healthcheck"]["test"]
        command = ["sh", "-c", test[0].replace("$$", "$")] if kind == "CMD-SHELL" else test
        return self.run(*command).returncode == 0

    def signal(self, number: int) -> None:
        """Send a signal to the service's first process."""
        os.kill(self._first(), number)

    def wait(self, timeout_s: float) -> int:
        """Wait for the end; give how it ended."""
        assert self.process is not None  # noqa: S101 - started before
        return self.process.wait(timeout_s)

    def _first(self) -> int:
        return int(self._children()[0])

    def _children(self) -> list[str]:
        assert self.process is not None  # noqa: S101 - started before
        return (
            Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
            .read_text(encoding="ascii")
            .split()
        )

    def _in_root(self, command: list[str]) -> list[str]:
        return [str(self.stage.root), *self._as_user(command)]

    def _as_user(self, command: list[str]) -> list[str]:
        uid, gid = str(self.service["user"]).split(":")
        drop = ["--no-new-privs", "--bounding-set=-all", "--inh-caps=-all", "--clear-groups"]
        cd = f'cd {self.stage.workdir} && exec "$@"'
        return ["setpriv", f"--reuid={uid}", f"--regid={gid}", *drop, "--", "sh", "-c", cd, "sh", *command]

    def _mounts(self) -> list[str]:
        root = self.stage.root
        lines = [
            f"mount --bind {root} {root}",
            f"mount -t proc proc {root}/proc",
            f"mount --rbind /dev {root}/dev",
        ]
        targets = [(each.split(":")[1], self._volume(each, root)) for each in self.service["volumes"]]
        for each in self.service["tmpfs"]:
            target, _, options = each.partition(":")
            targets.append((target, f"mount -t tmpfs -o {options} tmpfs {root}{target}"))
        for target, line in sorted(targets):
            lines += [f"mkdir -p {root}{target}", line]
        if self.service.get("read_only"):
            lines.append(f"mount -o remount,ro,bind {root}")
        return lines

    def _volume(self, words: str, root: Path) -> str:
        source, target, *mode = words.split(":")
        own = source.startswith("./") and (DEPLOY / source).exists()
        folder = DEPLOY / source if own else self.volumes / source.strip("./")
        if not folder.exists():
            # A new volume takes its owner from the image's own folder.
            subprocess.run(["cp", "-a", f"{root}{target}", str(folder)], check=True)
        bound = f"mount --bind {folder} {root}{target}"
        return f"{bound} && mount -o remount,ro,bind {root}{target}" if mode == ["ro"] else bound


def _words(environment: dict[str, Any]) -> dict[str, str]:
    """Take an environment's values, and what compose puts for a variable that nobody set."""
    found = {}
    for name, value in environment.items():
        text = str(value)
        found[name] = text.partition(":-")[2].rstrip("}") if text.startswith("${") else text
    return found
