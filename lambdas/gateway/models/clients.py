"""Clients of the services that run models: one attempt a call, and connections that can be shut from outside."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from botocore.awsrequest import AWSHTTPConnectionPool, AWSHTTPSConnectionPool

from lambdas.gateway import call
from lambdas.shared import aws, direct, environment, log
from lambdas.shared.direct import Connection, Direct, SecureConnection

CONNECT_TIMEOUT_SECONDS = 2
# As many requests as are worked on at once; botocore's own limit of ten would open a connection for each of the others.
CONNECTIONS = 256


def runtime(service: str) -> Any:
    """Give the client of ``bedrock-runtime`` or ``sagemaker-runtime``.

    Environment: MODEL_TIMEOUT_SECONDS, the longest that one read may take (default 25).
    """
    return _client(service, _read_timeout())


def bedrock() -> Direct:
    """Give ``bedrock-runtime`` for the calls that every answer needs. Environment: as for `runtime`."""
    options = _options(_read_timeout())
    return direct.service("bedrock-runtime", attempts=1, pools=(_Pool, _SecurePool), **options)


def forget() -> None:
    """Make clients anew, with what the environment has by then."""
    _client.cache_clear()
    direct.forget()


def _read_timeout() -> int:
    return environment.integer("MODEL_TIMEOUT_SECONDS", minimum=1, maximum=900, default=25)


@lru_cache(maxsize=8)
def _client(service: str, read_timeout: int) -> Any:
    client = aws.client(service, attempts=1, **_options(read_timeout))
    try:
        client._endpoint.http_session._pool_classes_by_scheme.update(http=_Pool, https=_SecurePool)
    except AttributeError:
        log.warning(
            "This botocore hides its connections: a client that leaves does not stop the model", service=service
        )
    return client


def _options(read_timeout: int) -> dict[str, Any]:
    return {
        "connect_timeout": CONNECT_TIMEOUT_SECONDS,
        "read_timeout": read_timeout,
        "connections": CONNECTIONS,
    }


class _Shown:
    """A connection that tells the call it works for which socket the answer will come from."""

    timeout: float

    def request(self, *args: Any, **kwargs: Any) -> Any:
        """Send the request, and show the socket."""
        result = super().request(*args, **kwargs)  # type: ignore[misc]
        if (working := call.current()) is not None:
            working.hold(self.sock)  # type: ignore[attr-defined]
        return result

    def getresponse(self, *args: Any, **kwargs: Any) -> Any:
        """Wait for the answer, no longer than the call has patience."""
        working = call.current()
        if working is not None and working.patience is not None:
            # urllib3 before version 2 has given the socket its time by now, and what it says here is that to connect.
            self.timeout = max(0.001, min(_read_timeout(), working.patience))
            self.sock.settimeout(self.timeout)  # type: ignore[attr-defined]
        return super().getresponse(*args, **kwargs)  # type: ignore[misc]


class _Connection(_Shown, Connection):
    pass


class _SecureConnection(_Shown, SecureConnection):
    pass


class _Returned:
    """A pool that takes a connection back from the call first: the next one to use it may be another's."""

    def _put_conn(self, connection: Any) -> None:
        if (working := call.current()) is not None:
            working.hold(None)
        super()._put_conn(connection)  # type: ignore[misc]


class _Pool(_Returned, AWSHTTPConnectionPool):  # type: ignore[misc]
    ConnectionCls = _Connection


class _SecurePool(_Returned, AWSHTTPSConnectionPool):  # type: ignore[misc]
    ConnectionCls = _SecureConnection
