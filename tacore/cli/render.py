"""Results to standard output, in the format that was asked for or that suits the reader."""

import io
import os
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from tacore.cli import rows as found
from tacore.cli.exits import tell
from tacore.cli.globals import Globals
from tacore.cli.numbers import Exact, dump, dump_indented

WIDE = 1_000_000


def show(data: Any, options: Globals) -> None:  # noqa: ANN401  any JSON value
    """Write an answer's data, and say on standard error what its reader must know."""
    write(render(data, options))
    if not options.quiet:
        for line in notices(data):
            tell(line)


def render(data: Any, options: Globals) -> str:  # noqa: ANN401  any JSON value
    """Turn an answer's data into text: a terminal gets a table, a pipe gets ndjson."""
    chosen = options.output or ("table" if sys.stdout.isatty() else "ndjson")
    if chosen == "json":
        return dump_indented(data) + "\n"
    if chosen == "yaml":
        return _yaml(data)
    split = found.find(data)
    if chosen == "table":
        return _table(split, options)
    picked = [found.pick(row, options.columns) for row in split.rows] if options.columns else split.rows
    if chosen == "csv":
        return _csv(picked, options.columns or found.columns_of(picked))
    return "".join([f"{dump(row)}\n" for row in picked])


def write(text: str) -> None:
    """Write results; a reader that left is no error here, `entry` ends quietly."""
    sys.stdout.write(text)
    sys.stdout.flush()


def notices(data: Any) -> list[str]:  # noqa: ANN401  any JSON value
    """Collect what the reader of rows would miss: warnings, what is missing, and that data is simulated."""
    if not isinstance(data, Mapping):
        return []
    lines = [f"warning: {found_cell(each)}" for each in _listed(data.get("warnings"))]
    missing = data.get("missing")
    if isinstance(missing, Mapping):
        lines += [f"missing: {name}: {found_cell(reason)}" for name, reason in missing.items()]
    else:
        lines += [f"missing: {found_cell(each)}" for each in _listed(missing)]
    if data.get("simulated") is True:
        lines.append(f"note: simulated data (source {data.get('source', 'unknown')})")
    return lines


def found_cell(value: object) -> str:
    """Write a note as text."""
    return value if isinstance(value, str) else dump(value)


def _listed(value: object) -> Sequence[object]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _table(split: found.Rows, options: Globals) -> str:
    room = width()
    color = colored(options)
    if split.single and not options.columns:
        from tacore.cli import sheet  # noqa: PLC0415  only a terminal needs it

        told = () if options.quiet else found.ASIDE
        row = {key: value for key, value in split.rows[0].items() if key not in told}
        lines, hidden = sheet.sheet(row, room, color=color)
        advice = "a wider terminal shows them, and so does -o json"
    else:
        from tacore.cli import table  # noqa: PLC0415  only a terminal needs it

        advice = "choose with --columns, or use -o json"
        beside = {} if options.quiet else split.beside
        columns = options.columns or _default_columns(split.rows, beside)
        picked = [found.pick(row, columns) for row in split.rows]
        lines, hidden = table.table(picked, columns, room, color=color) if picked and columns else ([], [])
        if not options.quiet:
            _tell_beside(split, room)
    if hidden and not options.quiet:
        tell(f"no room for {', '.join(hidden)}: {advice}")
    return "".join(f"{line}\n" for line in lines)


def _tell_beside(split: found.Rows, room: int) -> None:
    """Say on standard error what holds for all rows."""
    from tacore.cli import table, text_width  # noqa: PLC0415  only a terminal needs it

    fields = [] if split.rows else ["no rows"]
    for key, value in split.beside.items():
        inner = {f"{key}.{name}": each for name, each in value.items()} if isinstance(value, Mapping) else {}
        named = inner or {key: value}
        fields += [
            f"{name}={table.cell(each)}"
            for name, each in named.items()
            if key not in found.ASIDE and each is not None
        ]
    line = ""
    for field in fields:
        if line and text_width.measure(line) + len(table.GAP) + text_width.measure(field) > room:
            tell(line)
            line = ""
        line += table.GAP + field if line else field
    if line:
        tell(line)


def _default_columns(rows: Sequence[found.Row], beside: found.Row) -> list[str]:
    """Leave out objects, and what is said beside the rows and is the same in all of them."""
    return [
        name
        for name in found.columns_of(rows)
        if not all(isinstance(row.get(name), Mapping) for row in rows if row.get(name) is not None)
        and not (name in beside and all(row.get(name) == beside[name] for row in rows))
    ]


def colored(options: Globals) -> bool:
    """Tell whether results may have colours."""
    return sys.stdout.isatty() and not options.no_color and not os.environ.get("NO_COLOR")


def width() -> int:
    """Give how many letters a line of a table may have; what is no terminal has no end."""
    try:
        return int(os.environ.get("COLUMNS") or 0) or os.get_terminal_size(sys.stdout.fileno()).columns
    except (OSError, ValueError):
        return WIDE


def _csv(rows: Sequence[found.Row], columns: Sequence[str]) -> str:
    import csv  # noqa: PLC0415  only for csv

    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow([_flat(row.get(column)) for column in columns])
    return text.getvalue()


def _flat(value: object) -> object:
    if isinstance(value, bool | list | Mapping):
        return dump(value)
    return "" if value is None else str(value)


def _yaml(data: object) -> str:
    import yaml  # noqa: PLC0415  45 ms, only for yaml

    class Dumper(yaml.SafeDumper):
        """Writes a number as it came."""

    def scalar(dumper: yaml.SafeDumper, value: Exact) -> yaml.ScalarNode:
        return dumper.represent_scalar("tag:yaml.org,2002:float", value.text)

    Dumper.add_representer(Exact, scalar)
    text: str = yaml.dump(data, Dumper=Dumper, sort_keys=False, allow_unicode=True)
    return text
