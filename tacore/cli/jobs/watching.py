"""`tacore jobs ls --watch`: jobs again and again, in place on a terminal, as rows elsewhere."""

import sys
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NoReturn

from tacore.cli.exits import tell
from tacore.cli.globals import Globals
from tacore.cli.jobs import spelled
from tacore.cli.jobs.listing import counted, is_table, laid_out, newest
from tacore.cli.picture import Picture
from tacore.cli.stream import Stream
from tacore.client.sync import Client
from tacore.errors import TacoreError


def run(client: Client, asked: Mapping[str, Any], most: int, every_s: float, options: Globals) -> NoReturn:
    """Show what is there until interrupted; a service that is away is asked again."""
    view = _Drawn(options) if is_table(options) and sys.stdout.isatty() else _Rows(options)
    with view:
        due = time.monotonic()
        while True:
            try:
                view.show(*newest(client, asked, most))
            except TacoreError as error:
                if not error.retryable:
                    raise
                view.away(error)
            due = max(due + every_s, time.monotonic())
            time.sleep(due - time.monotonic())


class _Drawn(Picture):
    """A table that is drawn over the one before."""

    def __init__(self, options: Globals) -> None:
        super().__init__()
        self._options = options
        self._last: list[str] = []

    def show(self, jobs: Sequence[Mapping[str, Any]], counts: Mapping[str, int]) -> None:
        """Draw jobs."""
        lines, hidden = laid_out(jobs, self._options)
        self._last = [*lines, *([f"no room for {', '.join(hidden)}"] if hidden else [])]
        self._draw(counted(counts))

    def away(self, error: TacoreError) -> None:
        """Say that what is drawn is not of now."""
        self._draw(f"{error.message}: looking again")

    def _draw(self, said: str) -> None:
        self.draw([f"{_now()[11:19]} UTC  {said}", *self._last])


class _Rows:
    """Rows of each look, one after the other."""

    def __init__(self, options: Globals) -> None:
        self._shortened = is_table(options)
        columns = ("at", *spelled.row({})) if self._shortened else ()
        chosen = options._replace(columns=columns) if self._shortened else options
        self._stream = Stream("jobs --watch", (), _nothing, chosen, fields=columns, follow=True)
        self._away = False

    def __enter__(self) -> "_Rows":
        return self

    def __exit__(self, *_: object) -> None:
        return

    def show(self, jobs: Sequence[Mapping[str, Any]], _counts: Mapping[str, int]) -> None:
        """Write the rows."""
        self._away = False
        at = _now()
        self._stream.write([{"at": at, **(spelled.row(each) if self._shortened else each)} for each in jobs])

    def away(self, error: TacoreError) -> None:
        """Say so once."""
        if not self._away:
            tell(f"tacore jobs: {error.message}: looking again")
        self._away = True


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def _nothing(_row: object) -> dict[str, str]:
    return {}
