"""As much of python-dotenv as the stand-ins use: an engine that loads a .env is caught at it."""

import os
from pathlib import Path


def find_dotenv(filename: str = ".env", raise_error_if_not_found: bool = False, usecwd: bool = False) -> str:
    for folder in (Path.cwd(), *Path.cwd().parents):
        if (folder / filename).is_file():
            return str(folder / filename)
    return ""


def load_dotenv(
    dotenv_path: str | Path | None = None,
    stream: object = None,
    verbose: bool = False,
    override: bool = False,
    interpolate: bool = True,
    encoding: str | None = "utf-8",
) -> bool:
    path = dotenv_path or find_dotenv()
    if not path or not Path(path).is_file():
        return False
    for line in Path(path).read_text(encoding="utf-8").splitlines():
        name, found, value = line.partition("=")
        if found and (override or name not in os.environ):
            os.environ[name] = value
    return True
