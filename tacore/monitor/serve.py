"""The monitor's process: its socket, its signals, its end."""

import asyncio
import contextlib
import errno
import os
import socket
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import uvicorn

from tacore import processes, runfiles
from tacore.bootstrap.home import prepare_home
from tacore.errors import ConfigurationError
from tacore.monitor.app import make_app
from tacore.monitor.site import About, Site
from tacore.settings.loaded import Loaded
from tacore.settings.logs import start_logs
from tacore.settings.names import env_name
from tacore.watch.watch import Watch
from tacore.wire.numbers import Exact

BACKLOG = 128
PATIENCE_S = 5
"""How long an orderly end waits for the answers that are being written."""
FACTS = "monitor.json"


def serve_monitor(
    loaded: Loaded,
    *,
    endpoint: str | None = None,
    stderr: bool = True,
    on_ready: Callable[[], None] | None = None,
    watch_parent: bool = False,
) -> None:
    """Run the monitor until it is told to stop; ConfigurationError says why it can't start.

    It watches the broker at ``endpoint``, else the one of the settings, and reads the journal of the home
    until that broker names its own. ``watch_parent`` also ends it with the parent that holds its standard
    input.
    """
    settings = loaded.settings
    prepare_home(loaded)
    start_logs(loaded, file="tacoreservice.log", stderr=stderr)
    database = settings.database_path if endpoint is None else None
    broker = endpoint or settings.frontend_endpoint

    def watch() -> Watch:
        return Watch(broker, database, parse_float=Exact)

    with _listening(loaded) as listener:
        ending = Ending()
        app = make_app(watch, About.of(loaded), ending.begin)
        config = uvicorn.Config(
            app,
            loop="asyncio",
            http="h11",
            ws="none",
            lifespan="on",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=PATIENCE_S,
        )
        ending.server = _Server(config)
        processes.on_stop_signals(ending.stop)
        if watch_parent:
            processes.watch_parent(ending.stop)
        facts = {"url": settings.monitor_url, "endpoint": broker, "home": str(settings.home)}
        with _announced(settings.run_dir / FACTS, facts):
            if on_ready is not None:
                on_ready()
            ending.server.run(sockets=[listener])


def _announced(path: Path, facts: Mapping[str, str]) -> contextlib.AbstractContextManager[None]:
    """Tell other commands of this monitor, unless one of this home is told of already."""
    if runfiles.read_live(path) is not None:
        return contextlib.nullcontext()
    return runfiles.announced(path, facts)


class Ending:
    """Ends the server from a signal or another thread, its streams first."""

    def __init__(self) -> None:
        self.server: uvicorn.Server | None = None
        self._site: Site | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    def begin(self, site: Site) -> None:
        """Take note that the application runs, on the loop of this thread."""
        self._site, self._loop = site, asyncio.get_running_loop()

    def stop(self) -> None:
        """End it."""
        if self.server is not None:
            self.server.should_exit = True
        if self._site is not None and self._loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop has ended
                self._loop.call_soon_threadsafe(self._site.closing.set)


class _Server(uvicorn.Server):
    """A server that leaves signals to its process."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave them alone."""
        yield


@contextlib.contextmanager
def _listening(loaded: Loaded) -> Iterator[socket.socket]:
    """Listen where the settings say; ConfigurationError where that is not possible."""
    settings = loaded.settings
    host, port = settings.api.bind.strip("[]"), settings.api.port
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Said to be TCP, or asyncio leaves Nagle's delay of 40 ms in each answer.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if os.name == "posix":
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("" if host == "*" else host, port))
            listener.listen(BACKLOG)
        except (OSError, UnicodeError) as error:
            raise ConfigurationError(_unbound(loaded, error)) from error
        listener.setblocking(False)
        yield listener
    finally:
        listener.close()


def _unbound(loaded: Loaded, error: Exception) -> str:
    api = loaded.settings.api
    other = runfiles.read_live(Path(loaded.settings.run_dir) / FACTS)
    said = error.strerror if isinstance(error, OSError) else str(error)
    ours = "" if other is None else f"; this home's monitor runs (pid {other['pid']}, {other['url']})"
    number = error.errno if isinstance(error, OSError) else None
    key = "api.port" if number in (errno.EADDRINUSE, errno.EACCES) else "api.bind"
    stop = "Stop what listens there, or choose" if number == errno.EADDRINUSE else "Choose"
    return (
        f"the monitor can't listen on {api.bind}:{api.port}: {said}{ours}. {stop} another {key} "
        f"({env_name(key)}; now from {loaded.origin(key)})"
    )
