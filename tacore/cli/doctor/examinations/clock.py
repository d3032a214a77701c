"""Clocks: this machine's against the broker's, the workers' and what was written before."""

import sqlite3
from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import chain

from tacore.cli.doctor.finding import Finding, ok, problem
from tacore.cli.doctor.situation import Situation
from tacore.errors import NotFound
from tacore.store.queries import Reader

ALLOWED_S = 2.0
ADVICE = (
    "set both clocks by NTP (`timedatectl set-ntp true`, or chrony; `timedatectl` tells the state): "
    "deadlines, the age of prices and the order of the journal depend on them"
)


def examine(situation: Situation) -> Sequence[Finding]:
    """Tell which clocks are further apart than can be."""
    wrong = [*chain(_broker(situation), _workers(situation), _journal(situation))]
    if wrong:
        return wrong
    if situation.broker.health:
        return [ok("this machine, broker and workers agree on the time")]
    return [ok("nothing in the journal is from the future; no broker to compare with")]


def _broker(situation: Situation) -> Iterable[Finding]:
    """Compare with the moment of its answer, which lies between our question and what we received."""
    broker = situation.broker
    if not broker.health:
        return
    ahead = broker.timestamp - broker.answered
    behind = broker.asked - (broker.timestamp + 1)  # it is cut to whole seconds
    if max(ahead, behind) > ALLOWED_S:
        yield _skew(
            f"the broker's (at {situation.endpoint})", "this machine's", ahead if ahead > 0 else -behind
        )


def _workers(situation: Situation) -> Iterable[Finding]:
    hosts: dict[str, float] = {}
    for each in situation.broker.workers:
        ahead = each.get("clock_ahead_s")
        if ahead is not None:  # the way to the broker makes it less: the most is the nearest to the truth
            hosts[each["host"]] = max(hosts.get(each["host"], ahead), ahead)
    for host, ahead in sorted(hosts.items()):
        if abs(ahead) > ALLOWED_S:
            yield _skew(f"the workers' (on {host})", "the broker's", ahead)


def _journal(situation: Situation) -> Iterable[Finding]:
    """Look for rows from the future: they were written before the clock was set back."""
    if not situation.database.is_file():
        return
    try:
        with Reader(situation.database) as reader:
            newest = next((row.answered_at for row in reader.tail(1).rows), None)
    except (NotFound, sqlite3.Error):  # the examination of databases tells why
        return
    ahead = 0.0 if newest is None else datetime.fromisoformat(newest).timestamp() - situation.now()
    if ahead > ALLOWED_S:
        yield problem(
            f"clock skew: the journal's newest row is {ahead:,.0f} s in the future ({newest})", ADVICE
        )


def _skew(which: str, than: str, ahead: float) -> Finding:
    word = "ahead of" if ahead > 0 else "behind"
    return problem(f"clock skew: {which} clock is {abs(ahead):,.1f} s {word} {than}", ADVICE)
