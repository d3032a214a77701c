"""`tacore cache`: stats, clear."""

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from tacore.bootstrap.cache import open_redis
from tacore.cli import render
from tacore.cli.app import group, nearest
from tacore.cli.asking import open_client
from tacore.cli.configured import load
from tacore.cli.exits import OK, Usage, tell
from tacore.cli.globals import Globals
from tacore.errors import ConfigurationError, TacoreError
from tacore.settings.model import Settings
from tacore.store.cache.shared import shown

app = group("Answers kept for the next who asks the same.")
COLUMNS = ("kind", "level", "hits", "misses", "hit_rate", "waits", "errors", "entries")


@app.command()
def stats(ctx: typer.Context) -> int:
    """Show hits, misses and entries by kind and level, of all workers since the broker's start."""
    options: Globals = ctx.obj
    with open_client(options) as client:
        health = client.call("health.check", {"detailed": True})
    cache = health["components"]["cache"]
    redis, keys = _redis(_settings(options, health), cache)
    shared = cache["shared"] is not None
    rows = [
        row
        for kind, counts in cache["kinds"].items()
        for row in _rows(kind, counts, shared=shared, keys=keys)
    ]
    shown = options if options.columns else options._replace(columns=COLUMNS)
    render.show({"caches": rows, "health": cache["status"], **redis}, shown)
    if cache["status"] != "healthy" and not options.quiet:
        tell(f"{cache['status']}: {cache['reason']}")
    return OK


@app.command()
def clear(
    ctx: typer.Context,
    kind: Annotated[str | None, typer.Option("--kind", help="Only this kind: market_data, risk ...")] = None,
) -> int:
    """Forget what is cached, in every worker and in Redis."""
    options: Globals = ctx.obj
    asked = {} if kind is None else {"kind": kind}
    with open_client(options) as client:
        health = client.call("health.check", {"detailed": True})
        settings = _settings(options, health)
        _check_kind(kind, settings)
        # First: nothing is kept of what is computed now. Again: for what was read from Redis meanwhile.
        done = client.call("admin.clear_cache", asked)
        shared = health["components"]["cache"]["shared"]
        if shared is not None:
            done["redis_keys"] = _clear_redis(settings, shared, kind or "")
            client.call("admin.clear_cache", asked)
    render.show(done, options)
    return OK


def _settings(options: Globals, health: Mapping[str, Any]) -> Settings:
    return load(options._replace(home=options.home or health["home"])).settings


def _check_kind(kind: str | None, settings: Settings) -> None:
    kinds = settings.cache.kinds()
    if kind is not None and kind not in kinds:
        raise Usage(
            f"--kind {kind}: there is no such kind{nearest(kind, kinds)}; there are: {', '.join(kinds)}"
        )


def _clear_redis(settings: Settings, shared: str, kind: str) -> int:
    if shown(settings.redis.url) != shared:
        raise ConfigurationError(
            f"the workers have forgotten, but they share Redis at {shared}, and redis.url is "
            f"{shown(settings.redis.url) or 'empty'} here: set REDIS_URL as the service has it"
        )
    redis = open_redis(settings)
    try:
        return redis.clear(kind)
    finally:
        redis.close()


def _redis(settings: Settings, cache: Mapping[str, Any]) -> tuple[dict[str, Any], Mapping[str, int] | None]:
    """Give what is known of Redis, and how many keys of each kind lie in it (None where nobody knows)."""
    shared = cache["shared"]
    if shared is None:
        return {"redis": "none: each process caches for itself"}, None
    if shown(settings.redis.url) != shared:
        return {"redis": shared, "redis_note": "not looked into: redis.url is another one here"}, None
    redis = open_redis(settings)
    try:
        return {"redis": shared, **redis.about()}, redis.count()
    except TacoreError as error:
        return {"redis": shared, "redis_note": error.message}, None
    finally:
        redis.close()


def _rows(
    kind: str, counts: Mapping[str, Any], *, shared: bool, keys: Mapping[str, int] | None
) -> list[dict[str, Any]]:
    missed, from_redis = counts["misses"], counts["shared_hits"]
    rows = [_row(kind, "process", counts["process_hits"], from_redis + missed)]
    rows[0] |= {"waits": counts["waits"], "entries": counts["entries"]}
    if shared:
        row = _row(kind, "redis", from_redis, missed)
        rows.append(
            row | {"errors": counts["errors"], "entries": None if keys is None else keys.get(kind, 0)}
        )
    return rows


def _row(kind: str, level: str, hits: int, misses: int) -> dict[str, Any]:
    rate = round(hits / (hits + misses), 4) if hits + misses else None
    return {"kind": kind, "level": level, "hits": hits, "misses": misses, "hit_rate": rate}
