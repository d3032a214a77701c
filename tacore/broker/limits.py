"""What bounds the broker: sizes, times and credits."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """The broker's bounds; each is a setting (times in seconds unless the name says otherwise).

    A method whose running mean is above ``quick_us`` is dispatched one at a time to an idle worker; above
    ``slow_us`` it may hold at most half of its pool. ``requeues`` is how often a read may lose its worker
    before the answer is worker_lost. ``cancel_after`` is how many times its patience a request may run on
    with nobody asking for it again. ``start_s`` is how long a worker's process may run unregistered.
    """

    max_bytes: int = 1 << 20
    max_depth: int = 64
    max_frames: int = 8
    queue_limit: int = 10_000
    max_waiters: int = 1_000
    default_timeout_ms: float = 5_000
    max_timeout_ms: float = 3_600_000
    unserved_wait_s: float = 2.0
    heartbeat_s: float = 1.0
    missed_heartbeats: int = 3
    start_s: float = 60.0
    batch_max: int = 32
    batch_us: float = 2_000
    wake_us: float = 150
    hold_s: float = 0.001
    quick_us: float = 1_000
    slow_us: float = 5_000
    requeues: int = 2
    cancel_after: float = 2.0
    status_every_s: float = 1.0
    gauge_every_s: float = 10.0
