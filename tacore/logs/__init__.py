"""Log lines: an event name and fields, as text or JSON, in files that many processes append to.

Modules log with ``logging.getLogger(__name__).info("worker_ready", extra={"worker_id": "w1"})``.
"""

from tacore.logs.files import LogFile, SharedFileHandler
from tacore.logs.lines import JsonFormatter, TextFormatter
from tacore.logs.setup import FileLimits, configure, performance_file

__all__ = [
    "FileLimits",
    "JsonFormatter",
    "LogFile",
    "SharedFileHandler",
    "TextFormatter",
    "configure",
    "performance_file",
]
