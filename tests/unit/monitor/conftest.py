import shutil
from pathlib import Path

import pytest

from tacore.store.database import Database
from tests.support.monitors import Kept


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("monitored") / "tacore.db"
    Database(path).close()
    return path


@pytest.fixture
def kept(tmp_path: Path, migrated: Path) -> Kept:
    """A journal with its tables and no rows."""
    return Kept(Path(shutil.copy(migrated, tmp_path / "tacore.db")))
