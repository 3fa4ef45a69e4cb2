"""An index of OpenSearch Serverless: calls are signed, and made again where they may succeed a little later.

Its API has no client in botocore; connections and signature are botocore's. What is refused is raised as botocore
raises it, so that it is told apart like the refusals of other services.
"""

from __future__ import annotations

import hashlib
import json
import random
import socket
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, TypeVar

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.exceptions import ConnectTimeoutError, EndpointConnectionError, NoCredentialsError
from botocore.httpsession import URLLib3Session
from botocore.utils import get_environ_proxies

from lambdas.shared import aws
from lambdas.shared.errors import ServiceCallFailed

SERVICE = "aoss"
READ_TIMEOUT_SECONDS = 20
ATTEMPTS = 4
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.5, 8.0
REFUSED = (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE)

Json = dict[str, Any]
_T = TypeVar("_T")


@dataclass(frozen=True)
class Done:
    """What became of an action: the document's id, and whether there was one."""

    id: str
    found: bool


class Index:
    """An index, known by its collection's endpoint: scheme, host, port and whatever path comes before the API's own.

    Each call raises `ClientError` where it is refused, one of `NETWORK_ERRORS` where it is not answered, and
    `ServiceCallFailed` where the answer cannot be read.
    """

    def __init__(self, endpoint: str, name: str) -> None:
        self._address = f"{endpoint.rstrip('/')}/{name}"
        self._http = URLLib3Session(
            verify=aws.session().get_config_variable("ca_bundle") or True,
            proxies=get_environ_proxies(endpoint),
            timeout=(aws.CONNECT_TIMEOUT_SECONDS, READ_TIMEOUT_SECONDS),
            # A request is written in two parts, of which the second would wait for the first one's receipt.
            socket_options=[(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)],
        )

    def search(self, size: int, query: Json, fields: Sequence[str]) -> list[Json]:
        """Give the documents that a query finds, with some of their fields under `_source`."""
        body = json.dumps({"size": size, "query": query, "_source": list(fields)}).encode()

        def ask() -> Json:
            answer = self._post("_search", body, "application/json")
            if answer.get("timed_out") or answer.get("_shards", {}).get("failed"):
                raise _refusal("_search", HTTPStatus.SERVICE_UNAVAILABLE, {"message": "A part of the index is silent."})
            return answer

        answer = _persistently(ask, aws.passes_by_itself)
        return told(lambda: list(answer["hits"]["hits"]))

    def write(self, documents: Sequence[str], done: dict[int, Done]) -> None:
        """Write documents, each a line of JSON; `done` is told of each by its place, even where others fail.

        They are sent again only where nothing was done: the service gives the ids, so what is written twice is twice
        there.
        """
        self._bulk([f'{{"index":{{}}}}\n{document}' for document in documents], done, _not_taken)

    def delete(self, ids: Sequence[str], done: dict[int, Done]) -> None:
        """Delete documents by their ids; `done` is told of each by its place, even where others fail."""
        self._bulk([json.dumps({"delete": {"_id": one}}) for one in ids], done, aws.passes_by_itself)

    # ---- inside -----------------------------------------------------------------------------------------

    def _bulk(self, actions: Sequence[str], done: dict[int, Done], again: Callable[[Exception], bool]) -> None:
        """Send actions, and then those again that were refused, and only those."""
        left = dict(enumerate(actions))

        def send() -> None:
            places = list(left)
            body = ("\n".join(left.values()) + "\n").encode()
            items = _items(self._post("_bulk", body, "application/x-ndjson"), len(places))
            refused = []
            for place, item in zip(places, items, strict=True):
                if isinstance(item, Done):
                    done[place] = item
                    del left[place]
                else:
                    refused.append(item)
            if refused:
                raise next((one for one in refused if not again(one)), refused[0])

        if left:
            _persistently(send, again)

    def _post(self, path: str, body: bytes, content_type: str) -> Json:
        headers = {"content-type": content_type, "x-amz-content-sha256": hashlib.sha256(body).hexdigest()}
        request = AWSRequest("POST", f"{self._address}/{path}", headers, body)
        session = aws.session()
        if (credentials := session.get_credentials()) is None:
            raise NoCredentialsError
        region = session.get_config_variable("region")
        SigV4Auth(credentials.get_frozen_credentials(), SERVICE, region).add_auth(request)
        response = self._http.send(request.prepare())
        answer = _read(response.content)
        if response.status_code >= HTTPStatus.MULTIPLE_CHOICES:
            raise _refusal(path, response.status_code, answer or {"message": response.text})
        if not isinstance(answer, dict):
            raise _unreadable()
        return answer


def told(read: Callable[[], _T]) -> _T:
    """Read what an answer tells.

    Raises:
        ServiceCallFailed: it does not, and so has another form than is known here.
    """
    try:
        return read()
    except (ArithmeticError, AttributeError, LookupError, StopIteration, TypeError, ValueError) as failure:
        raise _unreadable() from failure


def _persistently(step: Callable[[], _T], again: Callable[[Exception], bool]) -> _T:
    """Take a step, a few times where `again` says that its failure allows it."""
    attempt = 1
    while True:
        try:
            return step()
        except aws.CALL_ERRORS as failure:
            if attempt == ATTEMPTS or not again(failure):
                raise
        time.sleep(random.uniform(0, min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2**attempt)))  # noqa: S311
        attempt += 1


def _not_taken(failure: Exception) -> bool:
    """Whether nothing of what was asked was done."""
    if isinstance(failure, aws.ClientError):
        return failure.response.get("ResponseMetadata", {}).get("HTTPStatusCode") in REFUSED
    return isinstance(failure, (ConnectTimeoutError, EndpointConnectionError))


def _items(answer: Json, count: int) -> list[Done | aws.ClientError]:
    """What became of each action of a bulk: to delete what is not there is no error."""

    def item(given: Json) -> Done | aws.ClientError:
        [(_, found)] = given.items()
        status = int(found["status"])
        if status < HTTPStatus.MULTIPLE_CHOICES or (status == HTTPStatus.NOT_FOUND and "error" not in found):
            return Done(str(found["_id"]), status != HTTPStatus.NOT_FOUND)
        return _refusal("_bulk", status, found)

    items = told(lambda: [item(one) for one in answer["items"]])
    if len(items) != count:
        raise _unreadable()
    return items


def _refusal(path: str, status: int, answer: Any) -> aws.ClientError:
    """Give what a status other than success means, as botocore would raise it.

    The reason stands under `error`, as OpenSearch writes it, or under `message`, as what stands before it does.
    """
    given = answer if isinstance(answer, dict) else {}
    error = given.get("error", given.get("message", ""))
    if not isinstance(error, dict):
        error = {"reason": error}
    told_of = {"Code": str(error.get("type", status)), "Message": str(error.get("reason", ""))}
    found: Any = {"Error": told_of, "ResponseMetadata": {"HTTPStatusCode": status}}
    return aws.ClientError(found, path)


def _read(content: bytes) -> Any:
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return None


def _unreadable() -> ServiceCallFailed:
    return ServiceCallFailed(
        "The collection's answer has an unexpected form",
        remedy="Compare it with the API of OpenSearch; the collection's version may have changed.",
    )
