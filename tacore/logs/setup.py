"""Apply config/logging.yaml to a process: its own file, its level, its format."""

import copy
import logging
import logging.config
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, NamedTuple

from tacore.logs.files import DEFAULT_KEEP, DEFAULT_MAX_BYTES

LogFileName = Literal["tacoreservice.log", "worker.log"]
_PROCESS_FILES = ("tacoreservice.log", "worker.log")
_PERFORMANCE = "performance.log"


class _Context(logging.Filter):
    """Adds the process's own fields to records that lack them."""

    def __init__(self, fields: Mapping[str, object]) -> None:
        super().__init__()
        self._fields = dict(fields)

    def filter(self, record: logging.LogRecord) -> bool:
        """Let every record pass, with the fields."""
        for name, value in self._fields.items():
            if not hasattr(record, name):
                setattr(record, name, value)
        return True


def configure(
    mapping: Mapping[str, Any],
    *,
    logs_dir: Path,
    level: str,
    json_lines: bool = False,
    stderr: bool = True,
    file: LogFileName | None = None,
    context: Mapping[str, object] | None = None,
) -> None:
    """Set up logging as a dictConfig says, for this process.

    Of the handlers only those of this process stay: one whose filename is another process's log is left out,
    and so are those on stderr where ``stderr`` is false. A relative filename is under ``logs_dir``. ``level``
    is the root's, whatever the mapping says. With ``json_lines`` the formatter named ``json`` takes the place
    of the one named ``text``. ``context`` are fields that every line carries. A mapping that is no dictConfig
    raises ValueError, or AttributeError or TypeError where its shape is wrong.
    """
    made: dict[str, Any] = copy.deepcopy({"version": 1, "disable_existing_loggers": False} | dict(mapping))
    handlers: dict[str, dict[str, Any]] = made.setdefault("handlers", {})
    gone = {name for name, handler in handlers.items() if not _wanted(handler, stderr, file)}
    made["handlers"] = {
        name: _placed(handler, logs_dir, json_lines) for name, handler in handlers.items() if name not in gone
    }
    root = made.setdefault("root", {})
    root["level"] = level
    for logger in (root, *made.get("loggers", {}).values()):
        logger["handlers"] = [name for name in logger.get("handlers", ()) if name not in gone]
    logging.raiseExceptions = False  # a handler that fails must not fill stderr, or end the process
    logging.config.dictConfig(made)
    if context:
        for handler in logging.getLogger().handlers:
            handler.addFilter(_Context(context))


class FileLimits(NamedTuple):
    """A log file, the size at which it is moved away (bytes; 0: never), and how many moved ones are kept."""

    path: Path
    max_bytes: int
    keep: int


def performance_file(mapping: Mapping[str, Any], *, logs_dir: Path) -> FileLimits:
    """Find what the mapping says of performance.log, which the journal's writer keeps."""
    handlers = mapping.get("handlers", {}).values()
    found: Mapping[str, Any] = next((each for each in handlers if _name(each) == _PERFORMANCE), {})
    return FileLimits(
        path=logs_dir / str(found.get("filename", _PERFORMANCE)),
        max_bytes=int(found.get("max_bytes", DEFAULT_MAX_BYTES)),
        keep=int(found.get("keep", DEFAULT_KEEP)),
    )


def _wanted(handler: Mapping[str, Any], stderr: bool, file: str | None) -> bool:
    name = _name(handler)
    if name == _PERFORMANCE or (name in _PROCESS_FILES and name != file):
        return False
    return stderr or handler.get("stream") != "ext://sys.stderr"


def _name(handler: Mapping[str, Any]) -> str:
    return Path(str(handler.get("filename", ""))).name


def _placed(handler: Mapping[str, Any], logs_dir: Path, json_lines: bool) -> dict[str, Any]:
    placed = dict(handler)
    if "filename" in placed:
        placed["filename"] = str(logs_dir / placed["filename"])
    if json_lines and placed.get("formatter") == "text":
        placed["formatter"] = "json"
    return placed
