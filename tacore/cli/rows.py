"""Which part of an answer is the rows of a table or the lines of a stream.

An answer about one thing (with symbol, status, equity, order_id …) is one row. Else the list of objects, or
the object of objects, is the rows: one with a well-known name, else the only one. Else the answer is one row.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

Row = Mapping[str, Any]
WELL_KNOWN = ("opportunities", "symbols", "orders", "positions", "jobs", "methods", "workers", "rows")
ASIDE = ("warnings", "missing")
_SELF = frozenset({"status", "symbol", "state", "risk_score", "equity", "passes", "ledger_ok"})


class Rows(NamedTuple):
    """Rows, and what the answer says beside them; ``single`` where the answer is itself the row."""

    rows: list[Row]
    beside: Row
    single: bool


def find(data: object) -> Rows:
    """Split an answer's data into rows and the rest."""
    if isinstance(data, list):
        return Rows(
            [each if isinstance(each, Mapping) else {"value": each} for each in data], {}, single=False
        )
    if not isinstance(data, Mapping):
        return Rows([{"value": data}], {}, single=True)
    name = _main(data)
    if name is None:
        return Rows([data], {}, single=True)
    beside = {key: value for key, value in data.items() if key != name}
    main = data[name]
    rows = list(main) if isinstance(main, list) else entries(name, main)
    return Rows(rows, beside, single=False)


def entries(name: str, main: Row) -> list[Row]:
    """Make rows of an object of objects."""
    return [_entry(name, key, each) for key, each in main.items()]


def columns_of(rows: Iterable[Row]) -> list[str]:
    """List the rows' fields in the order in which they first appear."""
    return list(dict.fromkeys(key for row in rows for key in row))


def pick(row: Row, columns: Sequence[str]) -> dict[str, Any]:
    """Take columns out of a row; a dotted one reaches inside, and what is not there is None."""
    return {column: reach(row, column) for column in columns}


def reach(value: Any, path: str) -> Any:  # noqa: ANN401  any JSON value
    """Follow a dotted path; a key that itself has dots goes first."""
    if isinstance(value, Mapping):
        if path in value:
            return value[path]
        for cut in [at for at, letter in enumerate(path) if letter == "."]:
            if path[:cut] in value:
                return reach(value[path[:cut]], path[cut + 1 :])
    if isinstance(value, list):
        head, _, rest = path.partition(".")
        if head.isdigit() and int(head) < len(value):
            return reach(value[int(head)], rest) if rest else value[int(head)]
    return None


def _main(data: Row) -> str | None:
    if any(key in _SELF or key.endswith("_id") for key in data):
        return None
    candidates = [name for name, value in data.items() if name not in ASIDE and is_rows(value)]
    known = [name for name in WELL_KNOWN if name in candidates or data.get(name) in ([], {})]
    for names in (known, candidates):
        if len(names) == 1:
            return names[0]
    return None


def is_rows(value: object) -> bool:
    """Tell whether a value is a list of objects, or an object of objects."""
    inside = value if isinstance(value, list) else list(value.values()) if isinstance(value, Mapping) else []
    return bool(inside) and all(isinstance(each, Mapping) for each in inside)


def _entry(name: str, key: str, entry: Row) -> Row:
    """Make a row of an object's entry: its key first, and its only inner object spread out."""
    row: dict[str, Any] = {}
    own = name[:-1] if name.endswith("s") else "key"
    if own not in entry:
        row[own] = key
    objects = [field for field, value in entry.items() if isinstance(value, Mapping)]
    for field, value in entry.items():
        if objects == [field] and not (value.keys() & (entry.keys() | row.keys())):
            row.update(value)
        else:
            row[field] = value
    return row
