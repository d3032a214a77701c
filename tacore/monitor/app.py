"""The HTTP application of the monitor."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from fastapi import FastAPI

from tacore import __version__
from tacore.monitor import (
    actions,
    bars,
    events,
    health,
    jobs,
    metrics,
    orders,
    overview,
    problems,
    requests,
    schema,
    series,
    workers,
)
from tacore.monitor.guard import Guard
from tacore.monitor.pages import Pages
from tacore.monitor.site import About, Site
from tacore.watch.watch import Watch

GROUPS = (health, overview, workers, series, metrics, requests, events, orders, jobs, bars, schema, actions)


def make_app(open_watch: Callable[[], Watch], about: About, on_start: Callable[[Site], None]) -> FastAPI:
    """Make the application; it opens its watch when it starts and closes it at its end."""

    @asynccontextmanager
    async def life(app: FastAPI) -> AsyncIterator[None]:
        async with open_watch() as watch:
            app.state.site = Site(watch, about)
            on_start(app.state.site)
            yield

    app = FastAPI(
        title="tacore monitor",
        version=__version__,
        description="Beside what is listed, GET /api/events follows the service with server-sent events.",
        lifespan=life,
        openapi_url=None if about.production else "/api/openapi.json",
        docs_url=None,
        redoc_url=None,
        responses=problems.RESPONSES,
    )
    problems.install(app)
    for group in GROUPS:
        app.include_router(group.router)
    app.router.routes.append(Pages())
    app.add_middleware(Guard, about=about)
    return app
