"""`tacore config`: show, get, validate."""

import difflib
from collections.abc import Sequence
from typing import Annotated, Any

import typer

from tacore.cli import render
from tacore.cli.app import group
from tacore.cli.configuration_checks import lines_of, problems_of
from tacore.cli.configured import load
from tacore.cli.exits import OK
from tacore.cli.globals import Globals
from tacore.errors import ConfigurationError, NotFound
from tacore.logs.lines import mask_passwords
from tacore.settings.describe import by_key, sections, values
from tacore.settings.loaded import Loaded

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
        raise _wrong(lines_of(error.message)) from error
    problems = problems_of(loaded)
    if problems:
        raise _wrong(problems)
    found = {"configuration": "ok", "settings": len(by_key()), "folder": str(loaded.config_dir)}
    render.show(found, options)
    return OK


def _wrong(problems: Sequence[str]) -> ConfigurationError:
    return ConfigurationError("\n  ".join([f"{len(problems)} wrong:", *problems]))


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
