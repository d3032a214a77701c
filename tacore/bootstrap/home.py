"""The folders of a home."""

import errno
import os

from tacore.errors import ConfigurationError
from tacore.settings.loaded import Loaded


def prepare_home(loaded: Loaded) -> None:
    """Make the folders of a home; ConfigurationError where it can't be written."""
    settings = loaded.settings
    try:
        for folder in (settings.data_dir, settings.logs_dir, settings.run_dir, settings.database_path.parent):
            folder.mkdir(parents=True, exist_ok=True)
            if not os.access(folder, os.W_OK | os.X_OK):
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(folder))
    except OSError as error:
        raise ConfigurationError(
            f"can't write to {error.filename}: {error.strerror}. Choose another home with --home or "
            f"TACORE_HOME (now from {loaded.origin('home')})"
        ) from error
