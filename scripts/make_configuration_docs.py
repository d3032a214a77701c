"""Write config/config.yaml and docs/configuration.md from the settings' own descriptions.

Run it after changing a setting; a test fails when either file is stale.
"""

import textwrap
from collections.abc import Iterator
from pathlib import Path

import yaml

from tacore.settings.describe import Entry, entries, sections

ROOT = Path(__file__).resolve().parent.parent
CONFIG = ROOT / "config" / "config.yaml"
DOCS = ROOT / "docs" / "configuration.md"

_YAML_HEAD = """\
# Settings of tacore, each with its default. A flag, or the variable named beside a setting, goes before what
# is here. Written by scripts/make_configuration_docs.py; a copy of yours may hold just the lines that differ.
"""

_DOCS_HEAD = """\
# Configuration

<!-- Written by scripts/make_configuration_docs.py from the descriptions in tacore/settings/model.py. -->

A setting comes from, strongest first:

1. a flag of the command;
2. an environment variable, which has the name below; an empty one counts as absent;
3. `config.yaml`;
4. its default.

`tacore config show --origin` says where each value came from. A wrong value, an unknown key and an unknown
variable that begins with `TACORE_` stop the start, with the file, the key, the value, what is allowed and
the nearest name; all of them are reported at once. (Variables such as `TACORE_PORT_5555_TCP`, which
Kubernetes makes for a Service of that name, are left alone.)

## Files

| file | holds |
| --- | --- |
| `config.yaml` | the settings below |
| `logging.yaml` | where log lines go: a dictConfig of Python's `logging` |
| `trading_config.yaml` | [markets](providers.md), [scan](market-data.md), [risk](risk.md), \
[trading](orders.md#settings) |

The folder is `TACORE_CONFIG`; else `config/` under `TACORE_HOME`, else `config/` in the working folder, if
one of the three files is there; else the copies that come with tacore. Where the folder lacks
`logging.yaml` or `trading_config.yaml`, tacore's own copy is used. Dates in these files are read as text,
and a key given twice is an error.

Everything that tacore writes is under home: `data/`, `logs/` and `run/`. Home is `--home`, else
`TACORE_HOME`, else the working folder.

Variables that are no settings:

| variable | meaning |
| --- | --- |
| `TACORE_CONFIG` | folder of the configuration files |
| `TACORE_ENDPOINT` | broker that commands talk to, `tcp://127.0.0.1:5555` and the like |

## Logs

| file | from |
| --- | --- |
| `logs/tacoreservice.log` | supervisor, broker, monitor |
| `logs/worker.log` | all workers of this home |
| `logs/performance.log` | one line per request, by the journal's writer, if `journal.performance_log` |

A line is a time in UTC, a level, a logger, an event and its fields:

    2026-01-01T00:00:00.123Z INFO tacore.broker worker_ready worker_id=w1 pool=fast

A value with spaces, quotes or control characters is quoted and escaped, so one record is one line; a
traceback follows its line, indented by four spaces. Passwords in URLs are masked. As JSON (`logs.format:
json`, or by itself in production) a line is one object with `time`, `level`, `logger`, `event`, the fields
and, for errors, `exception`.

Several processes append to one file, a line in one write. The process that finds it longer than `max_bytes`
moves it to `.1` (and `.1` to `.2`, up to `keep`); the others follow by themselves, and no line is lost.
logrotate may move the files just as well. A log that cannot be written is reported once on stderr, and the
service goes on without it.
"""


def config_yaml() -> str:
    """Give config.yaml: every setting with its default."""
    lines = [_YAML_HEAD.rstrip()]
    section = ""
    for entry in entries():
        name, _, field = entry.key.rpartition(".")
        if name != section:
            lines += _heading(name, section)
            section = name
        elif not name:
            lines.append("")
        lines += _setting(entry, field, _indent(name))
    return "\n".join(lines) + "\n"


def _heading(name: str, before: str) -> Iterator[str]:
    """Open a section, after the one that was open before, and the sections that it lies in."""
    outer, _, own = name.rpartition(".")
    if outer and not f"{before}.".startswith(f"{outer}."):
        yield from _heading(outer, before)
    indent = _indent(outer)
    if not outer:
        yield ""
    yield f"{indent}# {sections()[name]}"
    yield f"{indent}{own}:"


def _indent(section: str) -> str:
    return "  " * len(section.split(".")) if section else ""


def configuration_md() -> str:
    """Give the page that documents every setting."""
    lines = [_DOCS_HEAD.rstrip(), "", "## Settings"]
    section = None
    for entry in entries():
        name = entry.key.rpartition(".")[0]
        if name != section:
            lines += [
                "",
                f"### {name or 'service'}",
                "",
                sections().get(name, "What the whole service is."),
                "",
            ]
            lines += [
                "| setting | variable | default | allowed | meaning |",
                "| --- | --- | --- | --- | --- |",
            ]
            section = name
        cells = (f"`{entry.key}`", f"`{entry.env}`", entry.default_text, entry.allowed, entry.doc)
        lines.append("| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |")
    return "\n".join(lines) + "\n"


def _setting(entry: Entry, field: str, indent: str) -> Iterator[str]:
    text = f"{entry.doc} {entry.allowed[0].upper()}{entry.allowed[1:]}. {entry.env}"
    for line in textwrap.wrap(" ".join(text.split()), width=108 - len(indent)):
        yield f"{indent}# {line}"
    if entry.key == "home":
        yield f"{indent}# home: {entry.default_text}"
    elif entry.default is None:
        yield f"{indent}{field}: null  # {entry.default_text}"
    else:
        yield f"{indent}{yaml.safe_dump({field: entry.default}, default_flow_style=False).strip()}"


def main() -> None:
    """Write both files."""
    CONFIG.write_text(config_yaml(), encoding="utf-8")
    DOCS.write_text(configuration_md(), encoding="utf-8")


if __name__ == "__main__":
    main()
