"""The capacity behind an endpoint: one container for its one variant, with the limits of its configuration."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from twin.emulator.hooks import Json
from twin.model_server import Answer, ModelServerError
from twin.model_server.streaming import AnswerStream
from twin.sagemaker.serving.container import Container

_HEALTH_TIMEOUT_S = 480.0
_DRAIN_TIMEOUT_S = 60.0
_MEBIBYTE = 1 << 20
_PAYLOAD_SERVERLESS, _PAYLOAD_INSTANCE = 4 * _MEBIBYTE, 6 * _MEBIBYTE


class ThrottledError(Exception):
    """A serverless variant already serves as many requests as its MaxConcurrency admits."""


class Fleet:
    """What serves one endpoint configuration: one server, with the slots of all containers that AWS would run."""

    def __init__(self, endpoint: str, configuration: Json, model: Json) -> None:
        self.configuration = configuration
        self.variant: Json = configuration["ProductionVariants"][0]
        self.container = Container(model, endpoint, self.variant["VariantName"], self._containers)
        self._idle = threading.Condition()
        self._in_flight = 0
        self._retired = False
        self._successor: Fleet | None = None

    @property
    def serverless(self) -> Json | None:
        """The variant's ServerlessConfig, if it has one."""
        return self.variant.get("ServerlessConfig")

    @property
    def _containers(self) -> int:
        # As many invocations at a time does the endpoint process on AWS, on as many containers as that takes.
        return int(self.serverless["MaxConcurrency"] if self.serverless else self.variant["InitialInstanceCount"])

    @property
    def most_payload(self) -> int:
        """The largest body that the endpoint takes, in bytes."""
        return _PAYLOAD_SERVERLESS if self.serverless else _PAYLOAD_INSTANCE

    def start(self) -> None:
        """Bring the container up. Raises ContainerError."""
        given = self.variant.get("ContainerStartupHealthCheckTimeoutInSeconds")
        self.container.start(float(given or _HEALTH_TIMEOUT_S))

    def invoke(self, body: bytes, content_type: str, timeout: float) -> Answer:
        """Ask the container, or the successor's: a caller may hold this fleet while the endpoint moves on.

        Raises ThrottledError, and what `Container.invoke` raises.
        """
        with self._counted() as serving:
            if serving:
                return self.container.invoke(body, content_type, timeout)
        if self._successor is None:
            raise ModelServerError("The endpoint has been deleted.")
        return self._successor.invoke(body, content_type, timeout)

    def stream(self, body: bytes, content_type: str, timeout: float) -> tuple[AnswerStream, Callable[[], None]]:
        """Ask as `invoke` does, and give the answer as it comes, with what is to be called once it has ended.

        Until then the request counts, and the container stays.
        """
        with ExitStack() as counted:
            if counted.enter_context(self._counted()):
                answer = self.container.stream(body, content_type, timeout)
                return answer, counted.pop_all().close
        if self._successor is None:
            raise ModelServerError("The endpoint has been deleted.")
        return self._successor.stream(body, content_type, timeout)

    @contextmanager
    def _counted(self) -> Iterator[bool]:
        """Count a request in, unless the fleet is retired; whether it was counted."""
        most = self.serverless["MaxConcurrency"] if self.serverless else None
        with self._idle:
            serving = not self._retired
            if serving and most is not None and self._in_flight >= most:
                raise ThrottledError
            self._in_flight += serving
        try:
            yield serving
        finally:
            with self._idle:
                self._in_flight -= serving
                self._idle.notify_all()

    def retire(self, successor: Fleet | None = None) -> None:
        """End the container once the requests that it serves have been answered; `successor` takes those to come."""
        deadline = time.monotonic() + _DRAIN_TIMEOUT_S
        with self._idle:
            self._retired, self._successor = True, successor
            while self._in_flight and self._idle.wait(max(0.0, deadline - time.monotonic())):
                pass
        self.container.stop()

    def summary(self) -> Json:
        """How DescribeEndpoint shows the variant."""
        weight = self.variant.get("InitialVariantWeight", 1.0)
        images = [{"SpecifiedImage": self.container.image, "ResolvedImage": self.container.image}]
        shown = {
            "VariantName": self.variant["VariantName"],
            "DeployedImages": images,
            "CurrentWeight": weight,
            "DesiredWeight": weight,
        }
        if self.serverless:
            return {**shown, "CurrentServerlessConfig": self.serverless}
        count = self.variant["InitialInstanceCount"]
        return {**shown, "CurrentInstanceCount": count, "DesiredInstanceCount": count}
