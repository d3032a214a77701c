"""`tacore data`: import, ls."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from tacore.bootstrap.calendars import calendars_of
from tacore.bootstrap.providers import providers_of
from tacore.cli import render
from tacore.cli.app import group
from tacore.cli.configured import load
from tacore.cli.exits import ANSWERED, OK, PARTLY, Usage, tell
from tacore.cli.globals import Globals
from tacore.cli.progress import Progress
from tacore.market.providers.files import PROVIDER, folder_of
from tacore.model.markets import parse_markets
from tacore.settings.loaded import Loaded
from tacore.settings.problems import nearest

if TYPE_CHECKING:
    from tacore.market.files.importing import Imported, Into

app = group("A history of your own: price files for the files provider.")
_MOST_PROBLEMS = 20
_Market = Annotated[str, typer.Option("--market", help=f"One of {', '.join(PROVIDER.markets)}.")]


@app.command("import")
def import_(
    ctx: typer.Context,
    path: Annotated[Path, typer.Argument(metavar="PATH", help="A file, or a folder of files.")],
    market: _Market,
    symbol: Annotated[str | None, typer.Option(help="Whose prices; else by column or file name.")] = None,
    format_: Annotated[
        Literal["csv", "parquet"] | None, typer.Option("--format", help="Else by the file's name.")
    ] = None,
    date_format: Annotated[str | None, typer.Option(help="Like %d/%m/%Y; else by its looks.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check, and write nothing.")] = False,
) -> int:
    """Check price files and write them into the history folder, one Parquet file for each symbol.

    A symbol with a problem is refused whole; every problem is said with file, line, column and value.
    """
    from tacore.market.files.importing import Into, price_files  # noqa: PLC0415  polars is slow to load

    options: Globals = ctx.obj
    loaded = load(options)
    known = _market(market)
    files = price_files(path.expanduser(), format_)
    if symbol and len(files) > 1:
        raise Usage("--symbol names the symbol of one file, and PATH has several")
    sessions = calendars_of(loaded).sessions(known, simulated=False)
    into = Into(known, _folder(loaded, known), sessions, symbol, format_, date_format, dry_run)
    found = list(_imported(files, into, options))
    render.show([_row(each) for each in found], options)
    if not options.quiet and any(each.state in ("written", "replaced") for each in found):
        _tell_who_serves(loaded, known)
    return _code(found)


@app.command()
def ls(
    ctx: typer.Context,
    market: Annotated[str | None, typer.Option(help="Only this market.")] = None,
) -> int:
    """List the symbols of the history folder, from when to when, and how many rows each has."""
    from tacore.market.files.listing import held  # noqa: PLC0415  polars is slow to load

    options: Globals = ctx.obj
    loaded = load(options)
    markets = PROVIDER.markets if market is None else (_market(market),)
    rows: list[dict[str, Any]] = []
    for each in markets:
        rows += [{"market": each, **row} for row in held(_folder(loaded, each), each)]
    render.show(rows, options)
    if not rows and not options.quiet:
        tell(f"no price files in {_folder(loaded, markets[0]).parent}: `tacore data import` puts some there")
    return OK


def _imported(files: list[Path], into: "Into", options: Globals) -> Iterator["Imported"]:
    from tacore.market.files.importing import import_file  # noqa: PLC0415  polars is slow to load

    done = 0
    with Progress(options) as progress:
        for number, file in enumerate(files):
            progress.show(_how_far(number, len(files), file, done), number / len(files), now=True)
            for each in import_file(file, into):
                done += 1
                if each.problems or each.notes:
                    progress.aside()
                _tell(each, options)
                progress.show(_how_far(number, len(files), file, done), number / len(files))
                yield each


def _how_far(number: int, count: int, file: Path, symbols: int) -> str:
    return f"file {number + 1} of {count}, {symbols} symbol{'' if symbols == 1 else 's'}, {file.name}"


def _tell_who_serves(loaded: Loaded, market: str) -> None:
    """Say what is left to do where the market does not ask the folder."""
    settings = parse_markets(loaded.trading.get("markets"), loaded.trading_file).get(market)
    names = ", ".join(settings.provider) if settings else "nobody"
    if settings is None or "files" not in settings.provider:
        tell(
            f"note: {market} is served by {names}: `provider: files` under markets.{market} in "
            f"{loaded.trading_file} makes these its prices"
        )


def _tell(imported: "Imported", options: Globals) -> None:
    shown = imported.problems if options.verbose else imported.problems[:_MOST_PROBLEMS]
    for problem in shown:
        tell(str(problem))
    if len(imported.problems) > len(shown):
        tell(f"{imported.symbol}: {len(imported.problems) - len(shown)} more problems (--verbose shows them)")
    if not options.quiet:
        for note in imported.notes:
            tell(f"note: {imported.symbol}: {note}")


def _row(imported: "Imported") -> dict[str, Any]:
    return {
        "symbol": imported.symbol,
        "from": str(imported.first) if imported.first else None,
        "to": str(imported.last) if imported.last else None,
        "rows": imported.rows,
        "gaps": imported.gaps,
        "problems": len(imported.problems),
        "state": imported.state,
        "file": str(imported.file),
    }


def _code(found: list["Imported"]) -> int:
    refused = sum(each.state == "refused" for each in found)
    if not refused:
        return OK
    return ANSWERED if refused == len(found) else PARTLY


def _market(spelling: str) -> str:
    name = spelling.upper()
    if name not in PROVIDER.markets:
        close = nearest(name, PROVIDER.markets)
        hint = f"; did you mean {close}?" if close else ""
        raise Usage(f"--market is one of {', '.join(PROVIDER.markets)}, not {spelling!r}{hint}")
    return name


def _folder(loaded: Loaded, market: str) -> Path:
    return folder_of(providers_of(loaded).options("files", PROVIDER), loaded.settings.home, market)
