"""Calls of AWS's JSON services, signed and, where they fail, read by botocore, without the rest of its clients.

For each call a client looks the parameters, the endpoint and the answer over by the service's model, and tells a dozen
hooks of it: that takes more processor time than signing and sending. What functions ask for with every request they
ask for here. A document goes out and comes back as the service's API reference has it.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Mapping
from functools import lru_cache
from http import HTTPStatus
from itertools import count
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

from botocore.auth import SigV4Auth
from botocore.awsrequest import (
    AWSHTTPConnection,
    AWSHTTPConnectionPool,
    AWSHTTPSConnection,
    AWSHTTPSConnectionPool,
    AWSRequest,
)
from botocore.exceptions import NoCredentialsError
from botocore.httpsession import ProxyConfiguration, get_cert_path
from botocore.parsers import create_parser
from botocore.utils import get_environ_proxies
from urllib3 import PoolManager, ProxyManager, Timeout

from lambdas.shared import aws
from lambdas.shared.errors import ServiceCallFailed

FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.05, 1.0


class OneWrite:
    """A connection that writes head and body together: urllib3 writes them apart, since its version 2."""

    _body: bytes | None = None

    def request(
        self, method: str, url: str, body: bytes | None = None, headers: Any = None, *args: Any, **options: Any
    ) -> Any:
        """Send a request, whose headers tell the length of its body."""
        self._body = body
        return super().request(method, url, None, headers, *args, **options)  # type: ignore[misc]

    def endheaders(self, message_body: Any = None, **options: Any) -> None:
        """Send the head, and the body with it."""
        body, self._body = self._body, None
        super().endheaders(body if message_body is None else message_body, **options)  # type: ignore[misc]


class Connection(OneWrite, AWSHTTPConnection):  # type: ignore[misc]
    """A plain connection."""


class SecureConnection(OneWrite, AWSHTTPSConnection):  # type: ignore[misc]
    """A connection with TLS."""


class Pool(AWSHTTPConnectionPool):  # type: ignore[misc]
    """Plain connections."""

    ConnectionCls = Connection


class SecurePool(AWSHTTPSConnectionPool):  # type: ignore[misc]
    """Connections with TLS."""

    ConnectionCls = SecureConnection


class Direct:
    """One service, as one of botocore's clients would reach it.

    Args:
        client: whose endpoint, region and time-outs are taken.
        session: whose credentials are, and whose certificates to trust.
        attempts: tries in all of what may pass by itself.
        pools: what keeps connections, without TLS and with it.
    """

    def __init__(self, client: Any, session: Any, *, attempts: int, pools: tuple[type, type]) -> None:
        self._service = client.meta.service_model
        self._session = session
        self._url = str(client.meta.endpoint_url).rstrip("/")
        self._prefix = urlsplit(self._url).path
        self._region = client.meta.region_name
        self._attempts = attempts
        self._always = {"User-Agent": client.meta.config.user_agent}
        trusted = get_cert_path(session.get_config_variable("ca_bundle") or True)
        self._pool = _pool(self._url, client.meta.config, trusted, pools)

    def call(self, operation: str, document: Mapping[str, Any]) -> Any:
        """Call a service of the protocol "AWS JSON", such as DynamoDB, and give its answer.

        Raises:
            botocore.exceptions.ClientError: the service refused.
            ServiceCallFailed: its answer is no JSON.
        """
        metadata = self._service.metadata
        headers = {
            "Content-Type": f"application/x-amz-json-{metadata['jsonVersion']}",
            "X-Amz-Target": f"{metadata['targetPrefix']}.{operation}",
        }
        return read(operation, self.post(operation, "/", document, headers).data)

    def post(
        self,
        operation: str,
        path: str,
        document: Mapping[str, Any],
        headers: Mapping[str, str] = MappingProxyType({"Content-Type": "application/json"}),
        *,
        stream: bool = False,
    ) -> Any:
        """Send a document, and give urllib3's response; of a `stream` nothing has been read but its head.

        Args:
            operation: by its name in the API, for errors.
            path: encoded as in an address.

        Raises:
            botocore.exceptions.ClientError: the service refused.
            urllib3.exceptions.HTTPError: no answer came.
        """
        body = json.dumps(document).encode()
        for attempt in count(1):
            try:
                return self._sent(operation, path, body, headers, stream)
            except aws.CALL_ERRORS as failure:
                if attempt >= self._attempts or not aws.passes_by_itself(failure):
                    raise
            time.sleep(random.uniform(0, min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2**attempt)))  # noqa: S311
        raise AssertionError

    def _sent(self, operation: str, path: str, body: bytes, headers: Mapping[str, str], stream: bool) -> Any:
        request = AWSRequest("POST", self._url + path, {**self._always, **headers}, body)
        credentials = self._session.get_credentials()
        if credentials is None:
            raise NoCredentialsError
        SigV4Auth(credentials.get_frozen_credentials(), self._service.signing_name, self._region).add_auth(request)
        request.headers["Content-Length"] = str(len(body))
        response = self._pool.urlopen(
            "POST",
            self._prefix + path,
            body,
            dict(request.headers.items()),
            retries=False,
            preload_content=not stream,
            decode_content=False,
        )
        if response.status >= HTTPStatus.MULTIPLE_CHOICES:
            raise self._refused(operation, response)
        return response

    def _refused(self, operation: str, response: Any) -> aws.ClientError:
        """Read an error as botocore's clients do, with what the service's model has of it beside its code."""
        answer = {"status_code": response.status, "headers": response.headers, "body": response.data}
        try:
            return aws.ClientError(self._parsed(answer), operation)
        except (AttributeError, TypeError):  # which the parser stumbles with over JSON of another shape
            error = {"Code": str(response.status), "Message": "The error has no form that is known here"}
            return aws.ClientError({"Error": error, "ResponseMetadata": {"HTTPStatusCode": response.status}}, operation)

    def _parsed(self, answer: Mapping[str, Any]) -> dict[str, Any]:
        parser = create_parser(self._service.metadata["protocol"])
        found: dict[str, Any] = parser.parse(answer, None)
        if shape := self._service.shape_for_error_code(found["Error"]["Code"]):
            found.update(parser.parse(answer, shape))
        return found


@lru_cache(maxsize=8)
def service(name: str, *, attempts: int, pools: tuple[type, type] = (Pool, SecurePool), **options: Any) -> Direct:
    """Give a service.

    Args:
        name: botocore's.
        attempts: tries in all; 1 = no retry.
        pools: what keeps its connections, without TLS and with it.
        options: of `aws.client`.
    """
    return Direct(aws.client(name, attempts=1, **options), aws.session(), attempts=attempts, pools=pools)


def _pool(url: str, config: Any, trusted: str, classes: tuple[type, type]) -> Any:
    options = {
        "timeout": Timeout(connect=config.connect_timeout, read=config.read_timeout),
        "maxsize": config.max_pool_connections,
        "cert_reqs": "CERT_REQUIRED",
        "ca_certs": trusted,
    }
    known = ProxyConfiguration(get_environ_proxies(url))
    proxy = known.proxy_url_for(url) if url.startswith("https") else None
    manager = (
        ProxyManager(proxy, proxy_headers=known.proxy_headers_for(proxy), **options)
        if proxy
        else PoolManager(**options)
    )
    manager.pool_classes_by_scheme = dict(zip(("http", "https"), classes, strict=True))
    return manager.connection_from_url(url)


def forget() -> None:
    """Make services and clients anew, with what the environment has by then."""
    service.cache_clear()
    aws.forget()


def read(operation: str, content: bytes) -> Any:
    """Read an answer; raises `ServiceCallFailed` for one that is no JSON."""
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        raise ServiceCallFailed(
            f"{operation} answered with something that is no JSON",
            remedy="Look for a proxy between the function and the service; if there is none, start again.",
        ) from None
