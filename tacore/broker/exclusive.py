"""Who may join a pool whose one worker owns a store: nobody with another store, or an older epoch."""

from typing import NamedTuple

from tacore.broker.pool import Pool
from tacore.wire.backend import Ready


class Refusal(NamedTuple):
    """Why a worker may not join; one that is ``misplaced`` never may, however often it starts again."""

    reason: str
    misplaced: bool


def judge(pool: Pool, ready: Ready) -> Refusal | None:
    """Look at the store of a worker that wants to join; None where it may.

    It then supersedes whoever the pool has, for its epoch is newer.
    """
    known, store = pool.store, ready.store
    if store is None:
        return Refusal("it owns no store, and this pool's worker must", misplaced=True) if known else None
    if known is None:
        return Refusal("it owns a store, and this pool's workers do not", True) if pool.workers else None
    if store.id != known.id:
        return Refusal(f"it owns another store than this pool's, {known.id}", misplaced=True)
    if store.epoch < known.epoch:
        return Refusal(f"its epoch is older than {known.epoch}, the newest of its store", misplaced=False)
    if store.epoch == known.epoch and pool.workers:
        return Refusal(f"another worker has its epoch, {known.epoch}", misplaced=False)
    return None
