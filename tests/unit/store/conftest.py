import shutil
from pathlib import Path

import pytest

from tacore.store.database import Database


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("journal") / "tacore.db"
    Database(path).close()
    return path


@pytest.fixture
def home(tmp_path: Path, migrated: Path) -> Path:
    """A folder whose tacore.db has its tables already, which saves a second of migrating."""
    shutil.copy(migrated, tmp_path / "tacore.db")
    return tmp_path
