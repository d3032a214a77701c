"""Versions: of this command, the broker and what they are built on."""

import platform
from collections.abc import Sequence

import zmq

from tacore import __version__
from tacore.cli.doctor.finding import Finding, ok, problem
from tacore.cli.doctor.situation import Situation


def examine(situation: Situation) -> Sequence[Finding]:
    """Tell what runs, and whether the broker is of the version that this command is of."""
    found = [
        ok(
            f"tacore {__version__}, Python {platform.python_version()}, ZeroMQ {zmq.zmq_version()} "
            f"(pyzmq {zmq.pyzmq_version()}), {platform.system()} {platform.release()}"
        )
    ]
    running = situation.broker.health.get("version", __version__)
    if running != __version__:
        seen = f"the broker is of version {running}, this command of {__version__}"
        found.append(
            problem(
                seen, "`tacore down` and `tacore up` run the installed version; else install the broker's"
            )
        )
    return found
