import shutil
from pathlib import Path

import pytest

from tacore.store.database import Database


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("watched") / "tacore.db"
    Database(path).close()
    return path


@pytest.fixture
def path(tmp_path: Path, migrated: Path) -> Path:
    """A journal with its tables and no rows."""
    return Path(shutil.copy(migrated, tmp_path / "tacore.db"))
