"""How a log record becomes a line: text for people, JSON on request.

No value can end a line or forge another one, steer a terminal, or carry a URL's password.
"""

import json
import logging
import re
import time
from typing import Any

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
_OURS = frozenset({"time", "level", "logger", "event", "exception", "stack"})
_NEEDS_QUOTES = re.compile(r"[\s\"=\\]|^$")
_PASSWORD = re.compile(r"(://[^/@:\s]*:)[^/@\s]+@")


class TextFormatter(logging.Formatter):
    """``2026-01-01T00:00:00.123Z INFO tacore.broker worker_ready worker_id=w1``, and tracebacks indented."""

    def format(self, record: logging.LogRecord) -> str:
        """Give the line, without its end."""
        parts = [_time(record), record.levelname, _plain(record.name), _plain(record.getMessage())]
        parts += [f"{_plain(key)}={_quoted(value)}" for key, value in _fields(record).items()]
        line = " ".join(parts)
        for title in ("exception", "stack"):
            if text := self._traced(record, title):
                line += "".join(f"\n    {_plain(each)}" for each in text.splitlines())
        return line

    def _traced(self, record: logging.LogRecord, title: str) -> str:
        if title == "stack":
            return record.stack_info or ""
        return self.formatException(record.exc_info) if record.exc_info else ""


class JsonFormatter(TextFormatter):
    """One JSON object a line: time, level, logger, event, and the fields beside them."""

    def format(self, record: logging.LogRecord) -> str:
        """Give the line, without its end."""
        line: dict[str, Any] = {
            "time": _time(record),
            "level": record.levelname,
            "logger": record.name,
            "event": record.getMessage(),
        }
        line |= {f"{key}_" if key in _OURS else key: value for key, value in _fields(record).items()}
        line |= {title: text for title in ("exception", "stack") if (text := self._traced(record, title))}
        return mask_passwords(_json(line))


def mask_passwords(text: str) -> str:
    """Replace the password of every URL in a text."""
    return _PASSWORD.sub(r"\1***@", text) if "://" in text else text


def _fields(record: logging.LogRecord) -> dict[str, Any]:
    return {key: value for key, value in vars(record).items() if key not in _STANDARD}


def _time(record: logging.LogRecord) -> str:
    seconds = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
    return f"{seconds}.{int(record.msecs):03d}Z"


def _json(line: dict[str, Any]) -> str:
    try:
        return json.dumps(line, default=str, allow_nan=False)
    except (ValueError, TypeError, RecursionError):
        # A number that JSON lacks, a key that is no text, or a loop: that field becomes text.
        return json.dumps({key: value if _is_json(value) else str(value) for key, value in line.items()})


def _is_json(value: object) -> bool:
    try:
        json.dumps(value, allow_nan=False)
    except (ValueError, TypeError, RecursionError):
        return False
    return True


def _plain(text: str) -> str:
    text = mask_passwords(text)
    return text if text.isprintable() else "".join(map(_visible, text))


def _quoted(value: object) -> str:
    text = str(value)
    if _NEEDS_QUOTES.search(text) or not text.isprintable():
        text = '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return _plain(text)


def _visible(character: str) -> str:
    if character.isprintable():
        return character
    return character.encode("unicode_escape").decode("ascii")
