"""Drives courses over one socket per endpoint; belongs to one thread at a time."""

import heapq
import itertools
import math
import time
from collections.abc import Callable
from typing import Any

import zmq

from tacore.client.course import Course
from tacore.client.envelope import RequestId, decode_reply
from tacore.client.link import LOOK_S, PROBE_AFTER_S, REOPEN_S, SLOWER, Link, is_refused

Act = Callable[[Course, float], None]


class Engine:
    """Requests in flight. ``seen`` holds the endpoints that connected once: their brokers are waited for.

    A socket that timed out without a sign of life takes no further request; the next attempt has a fresh one.
    """

    def __init__(
        self, context: "zmq.Context[zmq.Socket[bytes]]", seen: set[str], parse_float: Callable[[str], Any]
    ) -> None:
        self._context = context
        self._seen = seen
        self._parse_float = parse_float
        self._links: dict[str, Link] = {}
        self._retired: list[Link] = []
        self._flying: dict[RequestId, Course] = {}
        self._carrier: dict[RequestId, Link] = {}
        self._timers: list[tuple[float, int, Act, Course, int]] = []
        self._order = itertools.count()
        self._done: list[Course] = []

    def __len__(self) -> int:
        return len(self._flying)

    def add(self, course: Course) -> None:
        """Start a course; its request_id must not be in flight here already."""
        if course.request_id in self._flying:
            raise ValueError(f"request_id {course.request_id!r} is in flight already")
        self._flying[course.request_id] = course
        self._begin(course, time.monotonic())

    def step(self, timeout_s: float | None = None, also: int | None = None) -> list[Course]:
        """Wait for news, deal with it, give the finished courses; ``also`` is a file to wait for as well."""
        self._poll(timeout_s, also)
        now = time.monotonic()
        for link in [*self._links.values(), *self._retired]:
            self._tend(link, now)
        self._ring(now)
        done, self._done = self._done, []
        return done

    def close(self) -> None:
        """Close every socket; what was in flight is given up."""
        for link in [*self._links.values(), *self._retired]:
            link.close()
        for each in (self._links, self._retired, self._flying, self._carrier, self._timers):
            each.clear()

    def _poll(self, timeout_s: float | None, also: int | None) -> None:
        poller = zmq.Poller()
        now = time.monotonic()
        until = now + (3600.0 if timeout_s is None else timeout_s)
        if self._timers:
            until = min(until, self._timers[0][0])
        for link in [*self._links.values(), *self._retired]:
            poller.register(link.socket, zmq.POLLIN if link.up else zmq.POLLIN | zmq.POLLOUT)
            if link.courses:
                until = min(until, now + LOOK_S if link.up else link.probe_at)
        if also is not None:
            poller.register(also, zmq.POLLIN)
        wait_s = 0.0 if self._done else max(0.0, until - now)
        if poller.sockets:
            poller.poll(math.ceil(wait_s * 1000))
        else:  # a poll of nothing does not wait
            time.sleep(wait_s)

    def _tend(self, link: Link, now: float) -> None:
        while (body := link.receive()) is not None:
            link.heard = now
            self._answer(body, now)
        events = link.events()
        if events & zmq.POLLOUT:
            if not link.up:
                self._seen.add(link.endpoint)
                link.connected(now)
        elif link.up and not events & zmq.POLLIN:
            self._drop(link, "lost", now)
        elif not link.up and now >= link.probe_at:
            if not link.courses or is_refused(link.endpoint):
                self._drop(link, "refused", time.monotonic())
            else:
                self._reopen(link, time.monotonic())
        if link in self._retired and not link.courses:
            self._retired.remove(link)
            link.close()

    def _answer(self, body: bytes, now: float) -> None:
        wire = decode_reply(body, self._parse_float)
        course = None if wire is None else self._flying.get(wire["request_id"])
        if course is not None and course.request_id in self._carrier:
            self._settle(course, "answered", now, wire)

    def _reopen(self, link: Link, now: float) -> None:
        """Connect anew, for a refused socket stays so though a broker came; this one may take longer."""
        fresh = Link(self._context, link.endpoint, now, link.grace_s * SLOWER)
        self._links[link.endpoint] = fresh
        for course in link.courses.values():
            self._carrier[course.request_id] = fresh
            fresh.board(course, now)
        link.close()

    def _drop(self, link: Link, outcome: str, now: float) -> None:
        link.close()
        if self._links.get(link.endpoint) is link:
            del self._links[link.endpoint]
        else:
            self._retired.remove(link)
        for course in list(link.courses.values()):
            patient = course.bound and link.endpoint in self._seen and now + REOPEN_S < course.deadline
            if outcome == "refused" and patient:
                self._carrier.pop(course.request_id)
                self._at(now + REOPEN_S, self._board, course)
            else:
                self._settle(course, outcome, now)

    def _begin(self, course: Course, now: float) -> None:
        course.begin(now)
        self._at(course.deadline, self._expire, course)
        self._board(course, now)

    def _board(self, course: Course, now: float) -> None:
        link = self._links.get(course.endpoint)
        if link is not None and link.up and not link.events() & (zmq.POLLOUT | zmq.POLLIN):
            self._drop(link, "lost", now)
            link = None
        if link is None:
            link = self._links[course.endpoint] = Link(self._context, course.endpoint, now)
        self._carrier[course.request_id] = link
        link.board(course, now)

    def _ring(self, now: float) -> None:
        while self._timers and self._timers[0][0] <= now:
            _, _, act, course, number = heapq.heappop(self._timers)
            if course.reply is None and course.number == number:
                act(course, now)

    def _expire(self, course: Course, now: float) -> None:
        link = self._carrier.get(course.request_id)
        if link is None:
            self._settle(course, "refused", now)
            return
        if link.up and link.heard <= course.started and self._links.get(link.endpoint) is link:
            self._retired.append(self._links.pop(link.endpoint))
        if link.up:
            self._settle(course, "timeout", now)
        else:
            known = link.grace_s > PROBE_AFTER_S or not is_refused(link.endpoint)
            self._settle(course, "unreachable" if known else "refused", now)

    def _settle(self, course: Course, outcome: str, now: float, wire: dict[str, Any] | None = None) -> None:
        link = self._carrier.pop(course.request_id, None)
        if link is not None:
            link.courses.pop(course.request_id, None)
        pause = course.settle(outcome, now, time.time(), wire)
        if pause is None:
            del self._flying[course.request_id]
            self._done.append(course)
        else:
            self._at(now + pause, self._begin, course)

    def _at(self, when: float, act: Act, course: Course) -> None:
        heapq.heappush(self._timers, (when, next(self._order), act, course, course.number))
