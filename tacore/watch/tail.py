"""The requests as they come, for a screen that follows them."""

from tacore.store.queries import ANY, MAX_SCAN
from tacore.store.rows import Filters, LogRow
from tacore.watch.views import Fresh
from tacore.watch.watch import Watch

PAGE = 500
JUMP = 3
"""Pages that one look reads at most; what is beyond is left out, but for the newest page."""


class Tail:
    """Follows the journal from an id on; call `look` again and again."""

    def __init__(self, watch: Watch, filters: Filters = ANY, *, page: int = PAGE) -> None:
        self._watch = watch
        self._filters = filters
        self._page = page
        self._at: int | None = None

    @property
    def at(self) -> int | None:
        """Tell up to which id it has looked; a tail that begins there misses nothing."""
        return self._at

    async def begin(self, last: int | None = None, limit: int = 100) -> list[LogRow]:
        """Give the newest rows, oldest first, or those after ``last``; `look` gives what follows."""
        if last is not None:
            self._at = last
            return (await self.look()).rows
        newest = await self._watch.read(lambda reader: reader.newest())
        page = await self._watch.before(newest[0] + 1, limit, self._filters)
        self._at = newest[0]
        return page.rows[::-1]

    async def look(self) -> Fresh:
        """Give what came since; where it is more than a few pages, only the newest page of it."""
        if self._at is None:
            return Fresh(await self.begin(), 0)
        newest, _ = await self._watch.read(lambda reader: reader.newest())
        if newest < self._at:  # another journal
            self._at = None
            return await self.look()
        if newest - self._at > JUMP * self._page:
            return await self._jump(newest)
        page = await self._watch.since(self._at, self._page, self._filters)
        self._at = page.next_id
        return Fresh(page.rows, 0)

    async def _jump(self, newest: int) -> Fresh:
        before = self._at or 0
        looked_at = min(newest - before, MAX_SCAN)
        page = await self._watch.before(newest + 1, self._page, self._filters, max_scan=looked_at)
        self._at = newest
        return Fresh(page.rows[::-1], max(0, page.next_id - before - 1))
