"""The OpenAPI 3.1 document."""

from __future__ import annotations

from functools import lru_cache
from http import HTTPStatus
from typing import Any

from lambdas.gateway.identity import Context
from lambdas.gateway.openapi.operations import COMMON, OPERATIONS, Operation
from lambdas.gateway.openapi.schemas import Schema, reference, shared
from lambdas.gateway.routing import ROUTES, Route
from lambdas.gateway.settings import Limits, Settings

VERSION = "1"
OPEN_ROUTES = ("healthz", "openapi")
PATH = "/openapi.json"
PARTNERS = "/partners"
CALLERS = {"": "services", "/api": "the page's users", PARTNERS: "partners"}
HEADERS: dict[str, Schema] = {
    "X-Request-Id": {"description": "Names this request; quote it.", "schema": {"type": "string"}},
    "X-Correlation-Id": {"description": "Names a chain of requests.", "schema": {"type": "string"}},
}
RETRY_AFTER: Schema = {"description": "Seconds after which to ask again.", "schema": {"type": "integer"}}
ID: Schema = {
    "name": "id",
    "in": "path",
    "required": True,
    "schema": {"type": "string", "pattern": "^[A-Za-z0-9_-]{1,64}$"},
}
MODEL: Schema = {
    "name": "model",
    "in": "path",
    "required": True,
    "schema": {"type": "string", "pattern": "^[A-Za-z0-9._:-]{1,200}$"},
}
PARAMETERS = {"{id}": ID, "{model}": MODEL}
SECURITY: dict[str, Schema] = {
    "sigv4": {
        "type": "apiKey",
        "in": "header",
        "name": "Authorization",
        "description": "Services, under /v1: AWS Signature Version 4 for execute-api.",
        "x-amazon-apigateway-authtype": "awsSigv4",
    },
    "user": {"type": "http", "scheme": "bearer", "description": "The page's users, under /api/v1: a Cognito token."},
    "partner": {"type": "http", "scheme": "bearer", "description": "Partners, under /partners/v1: an API key."},
    "partnerKey": {
        "type": "apiKey",
        "in": "header",
        "name": "x-api-key",
        "description": "Partners, under /partners/v1: the same API key in a header of its own.",
    },
}

# One event of a stream, as OpenAPI 3.2 describes them; `data` is JSON.
EVENT: Schema = {
    "type": "object",
    "properties": {"event": {"type": "string"}, "data": {"type": "string"}},
    "required": ["data"],
}


def document(settings: Settings, context: Context) -> dict[str, Any]:
    """Describe the API with the bounds of these settings, and where it is beside this document."""
    return _document(settings.limits, stage_of(context))


def stage_of(context: Context) -> str:
    """Give the last part of the address that stands before the API's paths, empty where nothing does.

    It is the stage under API Gateway's own name, and the base path, if any, under a domain.

    >>> stage_of({"path": "/live/openapi.json"}), stage_of({"path": "/openapi.json"}), stage_of({})
    ('live', '', '')
    """
    path = context.get("path")
    return path.rstrip("/").removesuffix(PATH).rpartition("/")[2] if isinstance(path, str) else ""


def servers(stage: str) -> list[dict[str, str]]:
    """Give where each kind of callers finds the API, relative to where this document is, as OpenAPI reads it."""
    # A reference to the folder itself would end in a slash, and paths are appended to it as they are.
    base = f"../{stage}" if stage else ""
    return [{"url": f"{base}{root}" or "/", "description": f"For {who}."} for root, who in CALLERS.items()]


@lru_cache(maxsize=4)
def _document(limits: Limits, stage: str) -> dict[str, Any]:
    paths: dict[str, dict[str, Any]] = {}
    for route in ROUTES:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, limits, stage)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Fourfold gateway",
            "version": VERSION,
            "description": "The workflow's approved model and those beside it. The same routes are there for services "
            "under /v1, for the page's users under /api/v1 and for partners under /partners/v1.",
        },
        "servers": servers(stage),
        "paths": paths,
        "components": {"schemas": shared(), "securitySchemes": SECURITY, "headers": HEADERS},
    }


def _operation(route: Route, limits: Limits, stage: str) -> dict[str, Any]:
    told = OPERATIONS[route.method, route.path]
    operation: dict[str, Any] = {
        "operationId": f"{route.function}" if route.function == route.name else f"{route.name}_{route.function}",
        "summary": told.summary,
        "responses": _responses(told),
        "security": [] if route.name in OPEN_ROUTES else [{name: []} for name in SECURITY],
    }
    if route.internal:
        operation |= {
            "servers": [one for one in servers(stage) if not one["url"].endswith(PARTNERS)],
            "security": [{"sigv4": []}, {"user": []}],
        }
    if named := [parameter for place, parameter in PARAMETERS.items() if place in route.path]:
        operation["parameters"] = named
    if told.body is not None:
        operation["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": told.body(limits)}},
        }
    return operation


def _responses(told: Operation) -> dict[str, Any]:
    headers = {name: {"$ref": f"#/components/headers/{name}"} for name in HEADERS}
    responses: dict[str, Any] = {}
    for good in (told.status, *told.also):
        responses[str(int(good))] = {"description": good.phrase, "headers": headers}
        if told.answer is not None:
            content = {"application/json": {"schema": told.answer}}
            if told.streams and good is HTTPStatus.OK:
                content["text/event-stream"] = {"schema": EVENT}
            responses[str(int(good))]["content"] = content
    for status in sorted({*COMMON, *told.statuses}):
        responses[str(status)] = {
            "description": HTTPStatus(status).phrase,
            "headers": {**headers, **({"Retry-After": RETRY_AFTER} if status in (429, 503, 504) else {})},
            "content": {"application/problem+json": {"schema": reference("Problem")}},
        }
    return responses
