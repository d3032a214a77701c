"""Which waiting request goes to which worker, and in which company.

Quick methods travel in micro-batches. Another worker is woken for them only once enough work waits; until
then it waits, for a millisecond at most, for one that is busy with the same method. A method above
``quick_us`` goes alone to an idle worker; one above ``slow_us`` (or not yet measured) may hold at most half
of the pool, and all such together leave a worker free, so that quick methods always find one. Who was served
last comes last in the next round, and a worker is kept clear of batches for who needs an idle one: neither
kind can starve the other.

A pool whose worker owns a store is exclusive: one worker, which runs side by side whatever its credit allows,
so that each request goes to it at once and by itself, in the order of arrival.
"""

from collections import deque
from collections.abc import Callable
from itertools import count

from tacore.broker.limits import Limits
from tacore.broker.state import Dispatch, Entry, MethodState, Worker
from tacore.wire.backend import Store

Send = Callable[[Worker, Dispatch, float], None]
Expire = Callable[[MethodState, Entry], None]


class Pool:
    """The workers of one pool and the methods they serve.

    ``store`` is the newest that a worker of it owned; it makes the pool exclusive, and outlasts that worker.
    """

    def __init__(
        self, name: str, limits: Limits, dispatch_ids: "count[int]", send: Send, expire: Expire
    ) -> None:
        self.name = name
        self.workers: dict[str, Worker] = {}
        self.queued = 0
        self.holding = False
        self.store: Store | None = None
        self._limits = limits
        self._ids = dispatch_ids
        self._send = send
        self._expire = expire
        self._active: list[MethodState] = []
        self._reserved: Worker | None = None
        self._wanted: Worker | None = None

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
        if self.store is not None:
            self._dispatch_stream(now)
            return
        self._reserved, self._wanted = self._wanted, None
        self.holding = False
        waiting: list[MethodState] = []
        served: list[MethodState] = []
        for method in self._active:
            before = method.depth()
            if method.alone:
                self._dispatch_alone(method, now)
            if method.queue:
                self._dispatch_queue(method, now)
            if left := method.depth():
                (served if left < before else waiting).append(method)
        self._active = waiting + served

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

    def _dispatch_stream(self, now: float) -> None:
        for worker in self.workers.values():
            able = [method for method in self._active if method.info.name in worker.methods]
            while able and len(worker.dispatches) < worker.ready.credit and not worker.draining:
                method = min(able, key=_arrival)
                entries = self._take(method, method.alone or method.queue, 1, now)
                if entries:
                    self._hand_over(worker, method, entries, now)
                if not method.depth():
                    able.remove(method)
        self._active = [method for method in self._active if method.depth()]

    def _dispatch_queue(self, method: MethodState, now: float) -> None:
        ewma = method.ewma_us
        if ewma is None or ewma >= self._limits.quick_us:
            while method.queue and self._dispatch_exclusive(method, method.queue, now):
                pass
            return
        name = method.info.name
        at_most = min(self._limits.batch_max, int(self._limits.batch_us / max(ewma, 1.0)) or 1)
        enough = self._limits.wake_us / max(ewma, 1.0)
        while method.queue:
            worker = self._free(name)
            if worker is None:
                return
            if len(method.queue) < enough and self._holds(method, now):
                self.holding = True
                return
            entries = self._take(method, method.queue, min(at_most, worker.ready.batch), now)
            if entries:
                self._hand_over(worker, method, entries, now)

    def _free(self, name: str) -> Worker | None:
        """Find the least loaded worker with credit left."""
        best, least = None, 1 << 30
        for worker in self.workers.values():
            load = len(worker.dispatches)
            if (
                load < least
                and load < worker.ready.credit
                and worker is not self._reserved
                and not worker.exclusive
                and not worker.draining
                and name in worker.methods
            ):
                if not load:
                    return worker
                best, least = worker, load
        return best

    def _holds(self, method: MethodState, now: float) -> bool:
        """Tell whether a short line should wait for a worker that is about to be done with this method.

        Waking another for a few microseconds of work costs more than it gains.
        """
        if now - method.queue[0].received > self._limits.hold_s:
            return False
        return any(
            dispatch.method is method
            for worker in self.workers.values()
            for dispatch in worker.dispatches.values()
        )

    def _dispatch_alone(self, method: MethodState, now: float) -> None:
        while method.alone and self._dispatch_exclusive(method, method.alone, now):
            pass

    def _dispatch_exclusive(self, method: MethodState, line: deque[Entry], now: float) -> bool:
        capped = method.ewma_us is None or method.ewma_us >= self._limits.slow_us
        if capped and self._at_cap(method):
            return False
        worker = self._idle(method.info.name)
        if worker is None:
            self._wanted = self._wanted or self._next_idle(method.info.name)
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
        dispatch = Dispatch(next(self._ids), method, entries, now, now, exclusive, capped)
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

    def _next_idle(self, name: str) -> Worker | None:
        able = [w for w in self.workers.values() if not (w.exclusive or w.draining) and name in w.methods]
        if self._reserved in able:
            return self._reserved
        return min(able, key=_load, default=None)

    def _at_cap(self, method: MethodState) -> bool:
        held = sum(worker.capped for worker in self.workers.values())
        return method.held >= max(1, method.servers // 2) or held >= max(1, len(self.workers) - 1)

    def _take(self, method: MethodState, line: deque[Entry], wanted: int, now: float) -> list[Entry]:
        taken: list[Entry] = []
        while line and len(taken) < wanted:
            entry = line.popleft()
            self.queued -= 1
            if entry.deadline > now:
                taken.append(entry)
            else:
                self._expire(method, entry)
        return taken


def _arrival(method: MethodState) -> float:
    return (method.alone or method.queue)[0].received


def _load(worker: Worker) -> int:
    return len(worker.dispatches)
