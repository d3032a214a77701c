"""Which waiting request goes to which worker, and in which company.

Quick methods travel in micro-batches, spread evenly over the workers that have credit left. A method above
``quick_us`` goes alone to an idle worker; one above ``slow_us`` (or not yet measured) may hold at most half
of the pool, and all such together leave a worker free, so that quick methods always find one.
"""

from collections import deque
from collections.abc import Callable
from itertools import count

from tacore.broker.limits import Limits
from tacore.broker.state import Dispatch, Entry, MethodState, Worker

Send = Callable[[Worker, Dispatch, float], None]
Expire = Callable[[MethodState, Entry], None]


class Pool:
    """The workers of one pool and the methods they serve."""

    def __init__(
        self, name: str, limits: Limits, dispatch_ids: "count[int]", send: Send, expire: Expire
    ) -> None:
        self.name = name
        self.workers: dict[str, Worker] = {}
        self.queued = 0
        self._limits = limits
        self._ids = dispatch_ids
        self._send = send
        self._expire = expire
        self._active: deque[MethodState] = deque()

    def enqueue(self, method: MethodState, entry: Entry, *, alone: bool = False) -> None:
        """Let a request wait its turn; ``alone`` keeps it out of any batch."""
        if not method.queue and not method.alone:
            self._active.append(method)
        if alone:
            method.alone.append(entry)
        else:
            method.queue.append(entry)
        self.queued += 1

    def dispatch(self, now: float) -> None:
        """Hand out what the workers' credit allows, method by method in turn."""
        active = self._active
        for _ in range(len(active)):
            method = active[0]
            if method.alone:
                self._dispatch_alone(method, now)
            if method.queue:
                self._dispatch_queue(method, now)
            if method.queue or method.alone:
                active.rotate(-1)
            else:
                active.popleft()

    def remove_if(self, method: MethodState, gone: Callable[[Entry], bool]) -> list[Entry]:
        """Take the waiting requests out of the queues for which ``gone`` holds."""
        taken: list[Entry] = []
        for line in (method.queue, method.alone):
            if any(gone(entry) for entry in line):
                kept = [entry for entry in line if not gone(entry)]
                taken += [entry for entry in line if gone(entry)]
                line.clear()
                line.extend(kept)
        self.queued -= len(taken)
        if taken and not method.queue and not method.alone and method in self._active:
            self._active.remove(method)
        return taken

    def finished(self, worker: Worker, dispatch: Dispatch, now: float) -> None:
        """Give the worker its credit back; the next batch it holds is at the head of its line from now."""
        if dispatch.exclusive:
            worker.exclusive = False
        if dispatch.capped:
            worker.capped = False
            dispatch.method.held -= 1
        for following in worker.dispatches.values():
            following.started = now
            break

    def _dispatch_queue(self, method: MethodState, now: float) -> None:
        ewma = method.ewma_us
        if ewma is None or ewma >= self._limits.quick_us:
            capped = ewma is None or ewma >= self._limits.slow_us
            while method.queue and self._dispatch_exclusive(method, method.queue, capped, now):
                pass
            return
        name = method.info.name
        free = [
            w
            for w in self.workers.values()
            if len(w.dispatches) < w.ready.credit and not w.exclusive and not w.draining and name in w.methods
        ]
        if len(free) > 1:
            free.sort(key=_load)
        waiting, left = len(method.queue), len(free)
        at_most = min(self._limits.batch_max, int(self._limits.batch_us / max(ewma, 1.0)) or 1)
        for worker in free:
            share = min(-(-waiting // left), at_most, worker.ready.batch)
            entries = self._take(method, method.queue, share, now)
            if not entries:
                return
            self._hand_over(worker, method, entries, now)
            waiting, left = len(method.queue), left - 1

    def _dispatch_alone(self, method: MethodState, now: float) -> None:
        while method.alone and self._dispatch_exclusive(method, method.alone, False, now):
            pass

    def _dispatch_exclusive(self, method: MethodState, line: deque[Entry], capped: bool, now: float) -> bool:
        worker = self._idle(method.info.name)
        if worker is None or (capped and self._at_cap(method)):
            return False
        entries = self._take(method, line, 1, now)
        if not entries:
            return False
        self._hand_over(worker, method, entries, now, exclusive=True, capped=capped)
        return True

    def _hand_over(
        self,
        worker: Worker,
        method: MethodState,
        entries: list[Entry],
        now: float,
        *,
        exclusive: bool = False,
        capped: bool = False,
    ) -> None:
        dispatch = Dispatch(next(self._ids), method, entries, now, exclusive, capped)
        worker.dispatches[dispatch.dispatch_id] = dispatch
        worker.exclusive = exclusive
        if capped:
            worker.capped = True
            method.held += 1
        self._send(worker, dispatch, now)

    def _idle(self, name: str) -> Worker | None:
        for worker in self.workers.values():
            if not worker.dispatches and not worker.draining and name in worker.methods:
                return worker
        return None

    def _at_cap(self, method: MethodState) -> bool:
        held = sum(worker.capped for worker in self.workers.values())
        return method.held >= max(1, method.servers // 2) or held >= max(1, len(self.workers) - 1)

    def _take(self, method: MethodState, line: deque[Entry], wanted: int, now: float) -> list[Entry]:
        taken: list[Entry] = []
        while line and len(taken) < wanted:
            entry = line.popleft()
            self.queued -= 1
            if entry.deadline <= now:
                self._expire(method, entry)
                continue
            entry.dispatched = now
            entry.tries += 1
            taken.append(entry)
        return taken


def _load(worker: Worker) -> int:
    return len(worker.dispatches)
