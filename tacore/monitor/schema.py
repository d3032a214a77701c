"""What the service can do, and the interface of this monitor, for people and programs."""

from html import escape
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse

from tacore.errors import NotFound
from tacore.monitor.shown import PassedOn, exact
from tacore.monitor.site import Here

router = APIRouter(tags=["schema"])
AGE_S = 60.0


class MethodSchema(PassedOn):
    """A method, with the JSON Schemas of its params and answer."""

    name: str
    summary: str
    pool: str
    idempotent: bool
    params_schema: dict[str, Any]
    result_schema: dict[str, Any]
    examples: list[dict[str, Any]]


class Schema(PassedOn):
    """What the service answers to."""

    methods: list[MethodSchema]


@router.get("/api/schema", response_model=Schema)
async def schema(site: Here) -> Response:
    """List the service's methods with their schemas, as `describe.methods` tells them."""
    return exact(await site.watch.ask("describe.methods", max_age_s=AGE_S))


@router.get("/api/docs", include_in_schema=False)
async def docs(request: Request, site: Here) -> HTMLResponse:
    """Show the interface's description as a page that needs nothing from elsewhere."""
    if site.about.production:
        raise NotFound("the interface's description is not served in production")
    return HTMLResponse(page(request.app.openapi()))


def page(described: dict[str, Any]) -> str:
    """Write a description of OpenAPI as a page."""
    title = escape(f"{described['info']['title']} {described['info']['version']}")
    parts = [
        _operation(verb.upper(), path, each)
        for path, verbs in described["paths"].items()
        for verb, each in verbs.items()
    ]
    head = f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title></head>'
    about = f"<p>{escape(described['info'].get('description', ''))}</p>"
    source = '<p><a href="openapi.json">openapi.json</a> has the answers\' schemas.</p>'
    return f"{head}<body><h1>{title}</h1>{about}{source}{''.join(parts)}</body></html>"


def _operation(verb: str, path: str, told: dict[str, Any]) -> str:
    rows = "".join(_parameter(each) for each in told.get("parameters", ()))
    table = f"<table><tr><th>parameter</th><th>in</th><th>what</th></tr>{rows}</table>" if rows else ""
    body = told.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    takes = f"<p>Takes {escape(_name(body))}.</p>" if body else ""
    answer = told["responses"]["200"].get("content", {})
    kinds = ", ".join(f"{kind} {_name(each.get('schema', {}))}".strip() for kind, each in answer.items())
    said = escape(told.get("description", told.get("summary", "")))
    return (
        f"<h2><code>{verb} {escape(path)}</code></h2><p>{said}</p>{table}{takes}<p>Gives {escape(kinds)}.</p>"
    )


def _parameter(told: dict[str, Any]) -> str:
    name = escape(told["name"]) + (" (needed)" if told.get("required") else "")
    return f"<tr><td>{name}</td><td>{told['in']}</td><td>{escape(told.get('description', ''))}</td></tr>"


def _name(schema: dict[str, Any]) -> str:
    found = schema.get("$ref") or schema.get("items", {}).get("$ref") or schema.get("title", "")
    name = str(found).rpartition("/")[2]
    return f"a list of {name}" if "items" in schema else name
