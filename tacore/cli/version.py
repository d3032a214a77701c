"""`tacore version`."""

import os
import sys
from collections.abc import Sequence

from tacore import __version__
from tacore.cli import render, texts
from tacore.cli.asking import open_client
from tacore.cli.endpoint import home_of, resolve
from tacore.cli.exits import OK
from tacore.cli.globals import Globals
from tacore.cli.words import none_left
from tacore.errors import TacoreError


def run(argv: Sequence[str], options: Globals) -> int:
    """Show the version; --verbose also what it runs on and the broker that is asked."""
    if options.help:
        return texts.usage(texts.VERSION)
    none_left("version", argv)
    if not options.verbose and options.output is None:
        render.write(f"tacore {__version__}\n")
    else:
        render.show(_details(options) if options.verbose else {"tacore": __version__}, options)
    return OK


def _details(options: Globals) -> dict[str, str]:
    import zmq  # noqa: PLC0415  the plain version needs none of it

    endpoint, origin = resolve(options, os.environ)
    return {
        "tacore": __version__,
        "python": sys.version.split()[0],
        "platform": sys.platform,
        "pyzmq": zmq.pyzmq_version(),
        "libzmq": zmq.zmq_version(),
        "home": os.path.realpath(home_of(options, os.environ)),
        "endpoint": endpoint,
        "endpoint_from": origin,
        "broker": _broker(options),
    }


def _broker(options: Globals) -> str:
    try:
        with open_client(options, {"--timeout": "1", "--retries": "0"}) as client:
            data = client.call("health.check")
    except TacoreError as error:
        return f"none: {error.message}"
    return f"{data.get('version')}, {data.get('status')}"
