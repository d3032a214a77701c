"""`tacore agents report JOB`: what a job came to, as Markdown or HTML."""

import contextlib
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Annotated, Any

import typer

from tacore.analysis.agents.report import FORMATS, write
from tacore.cli import render
from tacore.cli.app import nearest
from tacore.cli.asking import open_client
from tacore.cli.exits import OK, Usage, tell
from tacore.cli.globals import Globals

_BY_SUFFIX = {".html": "html", ".htm": "html", ".md": "md"}


def report(
    ctx: typer.Context,
    job: Annotated[str, typer.Argument(help="The job_id.")],
    fmt: Annotated[
        str | None, typer.Option("--format", help="md or html; by --out's name where not said, else md.")
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", help="A file to write; standard output else.")] = None,
) -> int:
    """Write a job's decision, whether it is to be trusted, its reports, debates, data and cost.

    The file holds everything: no script, no picture, nothing that is loaded from elsewhere.
    """
    options: Globals = ctx.obj
    chosen = _format(fmt, out, options)
    with open_client(options) as client:
        found: dict[str, Any] = client.call("get.job", {"job_id": job})
    text = write(found, chosen)
    if out is None:
        render.write(text)
    else:
        _keep(out, text)
    if not options.quiet:
        _tell(found, out)
    return OK


def _format(fmt: str | None, out: Path | None, options: Globals) -> str:
    if options.output is not None:
        raise Usage(
            f"agents report writes --format md or html, not -o {options.output}: "
            "`tacore call get.job --job_id JOB` gives the data, --out FILE names a file"
        )
    if fmt is None:
        return _BY_SUFFIX.get(out.suffix.lower(), "md") if out else "md"
    if fmt not in FORMATS:
        raise Usage(f"--format is one of {', '.join(FORMATS)}, not {fmt!r}{nearest(fmt, FORMATS)}")
    return fmt


def _keep(path: Path, text: str) -> None:
    """Write a file whole, or leave what was there."""
    try:
        with NamedTemporaryFile(
            "w", encoding="utf-8", dir=path.parent, prefix=f".{path.name}.", delete=False
        ) as new:
            new.write(text)
        try:
            Path(new.name).chmod(0o644)
            Path(new.name).replace(path)
        except OSError:
            with contextlib.suppress(OSError):
                Path(new.name).unlink()
            raise
    except OSError as error:
        raise Usage(f"--out {path}: can't be written: {error.strerror or error}") from error


def _tell(job: dict[str, Any], out: Path | None) -> None:
    """Say on standard error what must not be overlooked."""
    quality = job.get("quality") or {}
    if quality.get("verdict") == "degraded":
        codes = ", ".join(dict.fromkeys(str(each.get("code")) for each in quality.get("flaws") or ()))
        tell(f"DEGRADED: {codes or 'no reason was kept'}")
    if job.get("simulated"):
        tell(f"note: simulated data (source {job.get('source') or 'unknown'})")
    if not job.get("decision"):
        tell(f"note: there is no decision: the job is {job.get('state', 'unknown')}")
    if out is not None:
        tell(f"written: {out}")
