"""Scheduling hints that let messages gather into batches; without effect where the system has none."""

import os
from contextlib import suppress
from pathlib import Path

THREADS = Path("/proc/self/task")


def calm_io_threads() -> None:
    """Keep ZeroMQ's I/O threads from preempting the thread that feeds them.

    Woken for the first reply of many, such a thread would otherwise send that one by itself and wake the
    client for it. Under SCHED_BATCH it runs at once on an idle core, and on a busy one when its waker pauses:
    half the context switches. Linux alone has both this policy and the threads' names.
    """
    if not hasattr(os, "SCHED_BATCH") or not THREADS.is_dir():
        return
    for thread in THREADS.iterdir():
        with suppress(OSError):
            if (thread / "comm").read_text().startswith("ZMQbg/IO"):
                os.sched_setscheduler(int(thread.name), os.SCHED_BATCH, os.sched_param(0))
