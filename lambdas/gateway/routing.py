"""Which routes there are: by path and method the function that answers, imported when it is first asked for."""

from __future__ import annotations

import re
from collections.abc import Callable
from http import HTTPStatus
from importlib import import_module
from typing import NamedTuple

from lambdas.gateway import identity
from lambdas.gateway.problems import Problem
from lambdas.gateway.reply import Reply, Stream
from lambdas.gateway.request import UNKNOWN, Request
from lambdas.gateway.services import Services

# A character of JSON text takes up to six bytes escaped; the rest of a request is small.
BYTES_PER_CHARACTER = 6
OVERHEAD_BYTES = 16 * 1024
TEXT, DOCUMENT, CONVERSATION, NONE = "text", "document", "conversation", "none"
# As many as API Gateway lets through.
MOST_BYTES = 10 * 1024 * 1024
VERSION = "/v1/"
INSIDE = ("user", "service")
ID = r"(?P<id>[A-Za-z0-9_-]{1,64})"
MODEL = r"(?P<model>[A-Za-z0-9._:-]{1,200})"
REASONS_TOLD = 5


class Route(NamedTuple):
    """One path with one method.

    Attributes:
        name: what the log and the metrics call it.
        module: of `routes`, with the function that answers.
        body: what kind of body it takes: `TEXT`, `DOCUMENT`, `CONVERSATION` or `NONE`.
        openai: whether errors are in OpenAI's shape as well, for its clients.
        internal: whether it tells of the inside, and so answers users and services alone.
    """

    name: str
    method: str
    path: str
    module: str
    function: str
    body: str = NONE
    openai: bool = False
    internal: bool = False

    @property
    def pattern(self) -> re.Pattern[str]:
        """Give what paths it answers."""
        return re.compile(self.path.replace("{id}", ID).replace("{model}", MODEL))

    def most_bytes(self, services: Services) -> int:
        """Give the most bytes that a body may have."""
        if self.body == NONE:
            return OVERHEAD_BYTES
        if self.body == CONVERSATION:
            return MOST_BYTES
        limits = services.settings.limits
        if self.body == DOCUMENT:
            # In base64, or as text that is escaped.
            return min(MOST_BYTES, BYTES_PER_CHARACTER * limits.max_document_bytes + OVERHEAD_BYTES)
        return min(MOST_BYTES, BYTES_PER_CHARACTER * limits.max_input_characters + OVERHEAD_BYTES)

    def answer(self, request: Request, services: Services) -> Reply | Stream:
        """Answer a request; raises a `Problem` for one that cannot be."""
        if self.path.startswith(VERSION) and request.caller == identity.OPEN and not _is_open(request, services):
            raise Problem(HTTPStatus.FORBIDDEN, "Nobody is named who sends this request. Sign it, or sign in.")
        if self.internal and not _is_inside(request):
            raise Problem(
                HTTPStatus.FORBIDDEN, "This is for the page's users, and for services that sign their requests."
            )
        function: Callable[[Request, Services], Reply | Stream] = getattr(
            import_module(f"lambdas.gateway.routes.{self.module}"), self.function
        )
        return function(request, services)


ROUTES = (
    Route("healthz", "GET", "/healthz", "health", "healthz"),
    Route("openapi", "GET", "/openapi.json", "health", "openapi"),
    Route("models", "GET", "/v1/models", "models", "models", openai=True),
    Route("models", "GET", "/v1/models/{model}", "models", "model", openai=True),
    Route("chat", "POST", "/v1/chat/completions", "chat", "chat", TEXT, openai=True),
    Route("summarize", "POST", "/v1/summarize", "tasks", "summarize", TEXT),
    Route("generate", "POST", "/v1/generate", "tasks", "generate", TEXT),
    Route("classify", "POST", "/v1/classify", "tasks", "classify", TEXT),
    Route("embeddings", "POST", "/v1/embeddings", "embeddings", "embeddings", TEXT, openai=True),
    Route("search", "POST", "/v1/search", "search", "search", TEXT),
    Route("documents", "POST", "/v1/documents", "documents", "add", DOCUMENT),
    Route("documents", "GET", "/v1/documents", "documents", "listed"),
    Route("documents", "DELETE", "/v1/documents/{id}", "documents", "remove"),
    Route("feedback", "POST", "/v1/feedback", "kept", "add_feedback", CONVERSATION),
    Route("feedback", "GET", "/v1/feedback", "kept", "listed_feedback"),
    Route("feedback", "DELETE", "/v1/feedback/{id}", "kept", "delete_feedback"),
    Route("history", "GET", "/v1/history", "kept", "conversations"),
    Route("history", "GET", "/v1/history/{id}", "kept", "conversation"),
    Route("history", "PUT", "/v1/history/{id}", "kept", "keep_conversation", CONVERSATION),
    Route("history", "DELETE", "/v1/history/{id}", "kept", "delete_conversation"),
    Route("usage", "GET", "/v1/usage", "kept", "usage"),
    Route("workflow", "GET", "/v1/workflow", "workflow", "workflow", internal=True),
)
_FIXED = {(route.method, route.path): route for route in ROUTES if "{" not in route.path}


def find(request: Request) -> Route:
    """Give the route of a request, and note it in its record.

    Raises:
        Problem: 404 for a path that nothing has, 405 for another method.
    """
    route = _FIXED.get((request.method, request.path))
    if route is None:
        route = _among_all(request)
    request.record.route = route.name
    return route


def _is_open(request: Request, services: Services) -> bool:
    """Whether a request may come from nobody: where the settings open the services' root, or nothing stands before us.

    Without this a path that the adapter shortens, such as `/partners/v1/../../api/v1/models`, would reach another root
    than the one whose authorizer judged it, and its sender would be nobody, whom no cap of their own bounds.
    """
    if identity.REQUEST_CONTEXT not in request.headers:
        return True
    return not request.root and services.settings.authorization == "none"


def _is_inside(request: Request) -> bool:
    """Whether a user or a service asks; or anybody, where nothing stands before us, but not as partners do."""
    if identity.REQUEST_CONTEXT not in request.headers:
        return request.root != identity.PARTNERS
    return request.caller.kind in INSIDE


def _among_all(request: Request) -> Route:
    matches = [(route, match) for route in ROUTES if (match := route.pattern.fullmatch(request.path))]
    for route, match in matches:
        if route.method == request.method:
            request.parameters = match.groupdict()
            return route
    if matches:
        methods = ", ".join(sorted(route.method for route, _ in matches))
        request.record.route = matches[0][0].name
        raise Problem(HTTPStatus.METHOD_NOT_ALLOWED, f"Use {methods} here.", headers={"Allow": methods})
    inside = _is_inside(request)
    known = ", ".join(dict.fromkeys(route.path for route in ROUTES if inside or not route.internal))
    raise Problem(HTTPStatus.NOT_FOUND, f"There is no such path. Known are {known}.")


OPENAI_TYPES = {
    HTTPStatus.UNAUTHORIZED: "authentication_error",
    HTTPStatus.FORBIDDEN: "permission_error",
    HTTPStatus.NOT_FOUND: "not_found_error",
    HTTPStatus.TOO_MANY_REQUESTS: "rate_limit_error",
}


def problem_document(problem: Problem, request: Request) -> dict[str, object]:
    """Give a problem's body; as OpenAI's clients read it as well, on the routes in its format and where there is none.

    A client with a wrong address, or that asks for what is not here, is to learn why as well.
    """
    document = problem.document(f"urn:request:{request.request_id}")
    named = request.record.route
    if named == UNKNOWN or any(route.name == named and route.openai for route in ROUTES):
        document["error"] = openai_error(problem)
    return document


def openai_error(problem: Problem) -> dict[str, object]:
    """Give a problem as OpenAI's clients read it, who show the message and nothing else."""
    server = problem.status >= HTTPStatus.INTERNAL_SERVER_ERROR
    kind = "server_error" if server else OPENAI_TYPES.get(problem.status, "invalid_request_error")
    param = _param(problem.errors[0].pointer) if problem.errors else None
    return {"message": _message(problem), "type": kind, "code": problem.code, "param": param}


def _param(pointer: str) -> str | None:
    """Give a field in OpenAI's terms, by its JSON pointer; the body itself is no field.

    >>> _param("#/messages/0/role"), _param("#")
    ('messages.0.role', None)
    """
    names = pointer.removeprefix("#").split("/")[1:]
    return ".".join(name.replace("~1", "/").replace("~0", "~") for name in names) or None


def _message(problem: Problem) -> str:
    """Give the reason, or the first of several."""
    if len(problem.errors) < 2:
        return problem.detail
    told = "; ".join(error.detail for error in problem.errors[:REASONS_TOLD])
    more = len(problem.errors) - REASONS_TOLD
    return f"{len(problem.errors)} fields are wrong: {told}{f'; and {more} more' if more > 0 else ''}."
