"""`tacore config`: show, get, validate."""

import difflib
import logging.config
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import typer

from tacore.bootstrap.providers import providers_of
from tacore.cli import render
from tacore.cli.app import group
from tacore.cli.configured import load
from tacore.cli.exits import OK
from tacore.cli.globals import Globals
from tacore.errors import ConfigurationError, NotFound
from tacore.logs.lines import mask_passwords
from tacore.market.registry import provider_kinds
from tacore.model.markets import parse_markets
from tacore.model.risk import parse_risk
from tacore.model.trading import parse_trading
from tacore.settings.describe import by_key, sections, values
from tacore.settings.loaded import Loaded
from tacore.settings.logs import start_logs

app = group("The settings: flag over environment over config/*.yaml over default.")


@app.command()
def show(
    ctx: typer.Context,
    origin: Annotated[bool, typer.Option("--origin", help="Also where each value came from.")] = False,
) -> int:
    """Show every setting with its value."""
    options: Globals = ctx.obj
    loaded = load(options)
    rows = []
    for key, value in _masked(loaded).items():
        row = {"key": key, "value": value}
        rows.append(row | {"origin": loaded.origin(key), "variable": by_key()[key].env} if origin else row)
    render.show(rows, options)
    return OK


@app.command()
def get(ctx: typer.Context, key: Annotated[str, typer.Argument(help="Like zmq.frontend_port.")]) -> int:
    """Print the value of one setting."""
    options: Globals = ctx.obj
    found = _masked(load(options))
    if key not in found:
        raise NotFound(_unknown(key, list(found)))
    value = found[key]
    if options.output is None:
        render.write(f"{_plain(value)}\n")
    else:
        render.show({key: value}, options)
    return OK


@app.command()
def validate(ctx: typer.Context) -> int:
    """Check every setting and file, and say all that is wrong at once."""
    options: Globals = ctx.obj
    try:
        loaded = load(options)
    except ConfigurationError as error:
        raise _wrong(_lines(error)) from error
    problems: list[str] = []
    for check in (_check_markets, _check_risk, _check_orders, _check_logging):
        try:
            check(loaded)
        except ConfigurationError as error:
            problems += _lines(error)
    if problems:
        raise _wrong(problems)
    found = {"configuration": "ok", "settings": len(by_key()), "folder": str(loaded.config_dir)}
    render.show(found, options)
    return OK


def _wrong(problems: Sequence[str]) -> ConfigurationError:
    return ConfigurationError("\n  ".join([f"{len(problems)} wrong:", *problems]))


def _lines(error: ConfigurationError) -> list[str]:
    lines = error.message.splitlines()
    return lines[1:] if lines[0].endswith("wrong settings:") else lines


def _check_markets(loaded: Loaded) -> None:
    configured = providers_of(loaded)
    for market, settings in parse_markets(loaded.trading.get("markets"), loaded.trading_file).items():
        for name, kind in provider_kinds(market, settings).items():
            configured.setup(name, kind, market, settings)


def _check_risk(loaded: Loaded) -> None:
    parse_risk(loaded.trading.get("risk"), loaded.trading_file)


def _check_orders(loaded: Loaded) -> None:
    parse_trading(loaded.trading.get("trading"), loaded.trading_file)


def _check_logging(loaded: Loaded) -> None:
    """Apply logging.yaml for a moment, to a folder that goes away again."""
    with TemporaryDirectory() as folder:
        settings = loaded.settings.model_copy(update={"home": Path(folder)})
        try:
            for file in ("tacoreservice.log", "worker.log"):
                start_logs(replace(loaded, settings=settings), file=file, stderr=False)
        finally:
            logging.config.dictConfig({"version": 1, "disable_existing_loggers": False})


def _masked(loaded: Loaded) -> dict[str, Any]:
    found = values(loaded.settings)
    return {key: mask_passwords(each) if isinstance(each, str) else each for key, each in found.items()}


def _plain(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)


def _unknown(key: str, known: list[str]) -> str:
    if key in sections():
        inside = [each for each in known if each.startswith(f"{key}.")]
        return f"{key} is a section; its settings are {', '.join(inside)}"
    tails = {each.rpartition(".")[2]: each for each in known}
    close = difflib.get_close_matches(key, known, n=1, cutoff=0.6)
    close = close or [tails[each] for each in difflib.get_close_matches(key, tails, n=1, cutoff=0.6)]
    return f"there is no setting {key!r}" + (f"; did you mean {close[0]}?" if close else "")
