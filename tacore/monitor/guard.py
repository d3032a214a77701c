"""Who may ask: only requests that name this monitor, so that no foreign page reaches it through a browser.

A page whose host name is pointed at a loopback address (DNS rebinding) still sends its own name as Host.
"""

import ipaddress
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tacore.errors import Forbidden
from tacore.monitor.problems import answer
from tacore.monitor.site import About, Site

ACTION_HEADER = "X-Tacore-Action"
_HEADERS = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data:; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class Guard:
    """Refuses foreign hosts, and gives every answer the headers that keep a browser safe."""

    def __init__(self, app: ASGIApp, about: About) -> None:
        self._app = app
        self._names = about.names

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
                if scope["path"].startswith("/api/"):
                    headers.setdefault("Cache-Control", "no-store")
            await send(message)

        host = Headers(scope=scope).get("host", "")
        if is_own(host, self._names):
            await self._app(scope, receive, guarded)
        else:
            await answer(_foreign(host), 403)(scope, receive, guarded)


def is_own(host: str, names: frozenset[str]) -> bool:
    """Tell whether a Host header names this monitor: an address, or one of its names."""
    try:
        name = urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return False
    if name.rstrip(".") in names:
        return True
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def permit_action(request: Request, site: Site) -> None:
    """Let an action pass, or raise the Forbidden that says why not."""
    about = site.about
    if not about.acts:
        why = "off" if about.actions == "off" else "auto, and the monitor listens beyond loopback"
        raise Forbidden(
            f"actions are not allowed here: api.actions is {why}",
            details={"api.actions": {"value": about.actions, "allowed": "on"}},
        )
    if request.headers.get(ACTION_HEADER) != "1":
        raise Forbidden(
            f"an action needs the header {ACTION_HEADER}: 1, which no foreign page can send",
            details={ACTION_HEADER: {"value": request.headers.get(ACTION_HEADER), "allowed": "1"}},
        )
    origin, host = request.headers.get("origin"), request.headers.get("host", "")
    if origin is not None and origin.lower() not in (f"http://{host}".lower(), f"https://{host}".lower()):
        raise Forbidden(
            f"Origin {origin} is another site than {host}",
            details={"Origin": {"value": origin, "allowed": f"http://{host}, or none"}},
        )


def _foreign(host: str) -> Forbidden:
    return Forbidden(
        f"Host {host!r} is none of this monitor's names: add it to api.names, or use an address",
        details={"Host": {"value": host, "allowed": "an address, localhost, or a name in api.names"}},
    )
