"""`tacore init`: configuration files to edit."""

import os
from pathlib import Path
from typing import Annotated

import typer

from tacore.cli import ending, render
from tacore.cli.app import group
from tacore.cli.exits import OK, tell
from tacore.cli.globals import Globals
from tacore.errors import ConfigurationError
from tacore.settings.files import packaged_config_dir
from tacore.settings.names import CONFIG_FILES

app = group("Write config/*.yaml with every setting at its default, to be edited.")


@app.command()
def init(
    ctx: typer.Context,
    folder: Annotated[
        Path | None, typer.Argument(metavar="FOLDER", help="Where config/ shall be (the home).")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite files that are there.")] = False,
) -> int:
    """Write config/*.yaml with every setting at its default, to be edited."""
    options: Globals = ctx.obj
    target = (folder or ending.home(options, os.environ)).expanduser().resolve() / "config"
    try:
        rows = [{"file": str(target / name), "state": _write(target / name, force)} for name in CONFIG_FILES]
    except OSError as error:
        raise ConfigurationError(f"can't write to {error.filename}: {error.strerror}") from error
    render.show(rows, options)
    if any(row["state"] == "kept" for row in rows) and not options.quiet:
        tell("files that are there stay as they are: --force overwrites them")
    return OK


def _write(path: Path, force: bool) -> str:
    source = packaged_config_dir() / path.name
    if path.resolve() == source.resolve():
        return "kept"
    existed = path.exists()
    if existed and not force:
        return "kept"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(source.read_bytes())
    return "overwritten" if existed else "written"
