"""What the writer process is told on its command line."""

import argparse
import sys
from collections.abc import Sequence
from typing import NamedTuple

MEBIBYTE = 1 << 20


class WriterOptions(NamedTuple):
    """The writer's settings.

    An empty ``performance_log`` means none. ``retention_days``, ``max_rows``, ``rollup_days`` and
    ``performance_log_bytes`` of zero mean no limit. ``give_up_s`` is how long a writer whose broker is gone
    tries to get at a database that is locked or a disk that is full.
    """

    db: str
    lock: str
    performance_log: str = ""
    performance_log_bytes: int = 64 * MEBIBYTE
    performance_log_backups: int = 5
    retention_days: float = 14.0
    max_rows: int = 10_000_000
    rollup_days: float = 90.0
    commit_ms: float = 100.0
    buffer_bytes: int = 64 * MEBIBYTE
    give_up_s: float = 30.0
    fd: int = -1

    def argv(self) -> list[str]:
        """Give the command that starts such a writer; the link adds ``--fd``."""
        given = [
            f"--{name.replace('_', '-')}={value}" for name, value in self._asdict().items() if name != "fd"
        ]
        return [sys.executable, "-m", "tacore.store.writer", *given]


def parse(argv: Sequence[str] | None = None) -> WriterOptions:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="tacore.store.writer", description="The journal's writer process")
    for name, kind in WriterOptions.__annotations__.items():
        default = WriterOptions._field_defaults.get(name)
        required = default is None or name == "fd"
        parser.add_argument(f"--{name.replace('_', '-')}", type=kind, default=default, required=required)
    return WriterOptions(**vars(parser.parse_args(argv)))
