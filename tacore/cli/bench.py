"""`tacore bench`: what a method takes, and how many of it the service answers."""

import math
import os
from collections.abc import Sequence
from typing import Annotated, Any

import typer

from tacore.cli import catalogue, params, render
from tacore.cli.app import group
from tacore.cli.asking import open_client
from tacore.cli.endpoint import resolve
from tacore.cli.exits import ANSWERED, INTERRUPTED, OK, PARTLY, Usage, tell
from tacore.cli.globals import Globals
from tacore.cli.load import Load, Measured
from tacore.cli.progress import Progress

app = group("Measure a method: requests a second and how long an answer takes, under a bounded load.")


@app.command(context_settings={"ignore_unknown_options": True, "allow_extra_args": True})
def bench(
    ctx: typer.Context,
    method: Annotated[str, typer.Argument(metavar="METHOD", help="debug.echo measures the way alone.")],
    concurrency: Annotated[int, typer.Option(min=1, max=10_000, help="Requests in flight.")] = 64,
    duration: Annotated[float, typer.Option(min=0.1, max=3600, help="Seconds.")] = 5.0,
    clients: Annotated[int, typer.Option(min=1, max=500, help="Sockets that share them.")] = 1,
) -> int:
    """Measure a method: requests a second and how long an answer takes, under a bounded load.

    What follows METHOD are its params, as for `tacore call`: --symbols AAPL, key=text, key:=JSON.
    """
    options: Globals = ctx.obj
    asked = _params(options, method, ctx.args)
    if not options.quiet:
        tell(f"measuring {method} for {duration:g} s with {concurrency} in flight (Ctrl-C ends it early)")
    endpoint, _ = resolve(options, os.environ)
    with Progress(options) as progress:

        def show(seconds: float, so_far: Measured) -> None:
            progress.show(*_how_far(seconds, duration, so_far))

        load = Load(endpoint, method, asked, min(clients, concurrency), show)
        measured = load.run(concurrency, duration)
    shape = {"method": method, "concurrency": concurrency, "clients": min(clients, concurrency)}
    render.show(shape | summary(measured), options)
    return _code(measured)


def summary(measured: Measured) -> dict[str, Any]:
    """Put what was measured into figures; latencies in milliseconds, None where nothing was answered."""
    took = sorted(measured.latencies_s)
    figures: dict[str, Any] = {
        "seconds": round(measured.seconds, 3),
        "sent": measured.sent,
        "answered": len(took),
        "per_s": round(len(took) / measured.seconds, 1) if measured.seconds else 0.0,
    }
    for name, share in (("p50_ms", 0.5), ("p95_ms", 0.95), ("p99_ms", 0.99), ("max_ms", 1.0)):
        figures[name] = _ms(took, share)
    return figures | {"failed": sum(measured.errors.values()), "errors": dict(measured.errors)}


def _how_far(seconds: float, duration: float, measured: Measured) -> tuple[str, float]:
    answered, failed = len(measured.latencies_s), sum(measured.errors.values())
    text = f"{min(seconds, duration):.0f} of {duration:g} s, {answered / max(seconds, 0.001):.0f} a second"
    if seconds > duration:
        text = f"waiting for the last {measured.sent - answered}"
    return text + (f", {failed} failed" if failed else ""), seconds / duration


def _ms(took: Sequence[float], share: float) -> float | None:
    """Give the least latency that this share of the answers did not exceed (the nearest rank)."""
    if not took:
        return None
    return round(took[max(0, math.ceil(share * len(took)) - 1)] * 1000, 3)


def _params(options: Globals, method: str, words: Sequence[str]) -> dict[str, Any]:
    """Build the params, and try them once: a request that fails is no load."""
    with open_client(options) as client:
        described = catalogue.fetch(client, method)
        if (
            described.get("writes")
            or not described.get("idempotent")
            or str(described["name"]).startswith("admin.")
        ):
            raise Usage(f"{method} changes something: only methods that read can be measured")
        made = params.build(params.read_words(words), {}, catalogue.as_method(method, described))
        client.call(method, made)
    return made


def _code(measured: Measured) -> int:
    if measured.interrupted:
        return INTERRUPTED
    failed = sum(measured.errors.values())
    if not failed:
        return OK
    return ANSWERED if failed >= measured.sent else PARTLY
