"""Ended jobs are kept for some days, with their folders."""

import logging
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from tacore.clock import Clock
from tacore.jobs.store import Store

log = logging.getLogger("tacore.jobs")

EVERY_S = 600.0
_AT_ONCE = 50
_DAY_US = 86_400_000_000
_NAME = re.compile(r"j\d+-[0-9a-f]{4}")


@dataclass(slots=True)
class Pruning:
    """Forgets ended jobs after ``keep_days``, and removes folders that belong to no job."""

    store: Store
    folder: Path
    keep_days: float
    clock: Clock
    _due: float = 0.0

    def due(self) -> float:
        """Tell when to look again (monotonic seconds)."""
        return self._due

    def turn(self, now: float) -> None:
        """Look, if it is time."""
        if now < self._due:
            return
        self._due = now + EVERY_S
        gone = self.store.ended_before(self.clock.wall_us() - round(self.keep_days * _DAY_US), _AT_ONCE)
        if len(gone) == _AT_ONCE:
            self._due = now + 1.0
        if gone:
            with self.store.transaction() as tx:
                for each in gone:
                    tx.remove(each.number)
            log.info("jobs_pruned", extra={"jobs": len(gone), "keep_days": self.keep_days})
        self._sweep()

    def _sweep(self) -> None:
        """Remove folders of jobs that there are not; one that can't be removed is tried again."""
        known = self.store.ids()
        try:
            for each in self.folder.iterdir():
                if _NAME.fullmatch(each.name) and each.name not in known and not each.is_symlink():
                    shutil.rmtree(each, ignore_errors=True)
        except FileNotFoundError:
            return  # no job has run yet
        except OSError as error:
            log.warning("folders_unreadable", extra={"folder": str(self.folder), "reason": str(error)})
