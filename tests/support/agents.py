"""Stand-ins of the engines: checkouts of a surface like theirs, and an interpreter with their packages."""

import shutil
import sys
from pathlib import Path
from typing import Literal

CHECKOUTS = Path(__file__).parent / "checkouts"
Engine = Literal["tradingagents_cn", "tradingagents"]
FOLDERS: dict[Engine, str] = {"tradingagents_cn": "cn", "tradingagents": "tauric"}


def standin(engine: Engine, folder: Path) -> tuple[Path, Path]:
    """Give an engine's checkout and the interpreter that runs it, both in a folder of the test's.

    The interpreter is that of a virtual environment that has stand-ins of the engine's packages and nothing
    else: none of tacore, and none of tacore's packages.
    """
    checkout = folder / FOLDERS[engine]
    shutil.copytree(CHECKOUTS / FOLDERS[engine], checkout, ignore=shutil.ignore_patterns("__pycache__"))
    return checkout, interpreter(folder / f"{FOLDERS[engine]}-venv")


def interpreter(folder: Path) -> Path:
    """Make a virtual environment of three files. A name in PYTHONPATH would not reach ``python -I``."""
    version = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    packages = folder / "lib" / version / "site-packages"
    packages.mkdir(parents=True)
    (packages / "standins.pth").write_text(f"{CHECKOUTS / 'packages'}\n")
    python = Path(sys.executable).resolve()
    (folder / "pyvenv.cfg").write_text(f"home = {python.parent}\ninclude-system-site-packages = false\n")
    (folder / "bin").mkdir()
    (folder / "bin" / "python").symlink_to(python)
    return folder / "bin" / "python"
