"""The web page's files."""

from pathlib import Path
from typing import Any

from starlette.responses import Response
from starlette.routing import Match, Mount
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

FOLDER = Path(__file__).parent / "static"


class Files(StaticFiles):
    """Static files that a browser may keep, and asks about each time: an update shows at once."""

    def file_response(self, *args: Any, **options: Any) -> Response:  # noqa: ANN401 - as in the class above
        """Serve a file, or 304 where the browser has it."""
        response = super().file_response(*args, **options)
        response.headers["Cache-Control"] = "no-cache"
        return response


class Pages(Mount):
    """The files at /, but never below /api, where a wrong path or method shall be told as such."""

    def __init__(self) -> None:
        super().__init__("/", Files(directory=FOLDER, html=True), name="pages")

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Match what is no path of the interface."""
        if scope["type"] != "http" or scope["path"].startswith("/api/"):
            return Match.NONE, {}
        return super().matches(scope)
