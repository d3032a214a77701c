"""Start a process's logging as its settings say."""

from collections.abc import Mapping

from tacore import logs
from tacore.logs.setup import LogFileName
from tacore.settings.loaded import Loaded
from tacore.settings.problems import problem, refuse


def start_logs(
    loaded: Loaded,
    *,
    file: LogFileName | None,
    stderr: bool = True,
    context: Mapping[str, object] | None = None,
) -> None:
    """Apply logging.yaml; raises ConfigurationError naming that file where it is no valid dictConfig."""
    settings = loaded.settings
    try:
        logs.configure(
            loaded.logging,
            logs_dir=settings.logs_dir,
            level=settings.log_level,
            json_lines=settings.json_logs,
            stderr=stderr,
            file=file,
            context=context,
        )
    except (ValueError, AttributeError, TypeError) as error:
        reason = str(error) if error.__cause__ is None else f"{error}: {error.__cause__}"
        refuse([problem(loaded.logging_file, "", reason, allowed="a dictConfig of Python's logging")])
