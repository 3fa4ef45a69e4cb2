"""One model's container: its artefact, its server and its log."""

from __future__ import annotations

import logging
import threading
import uuid
from typing import Any

from botocore.exceptions import ClientError

from twin import credentials
from twin.emulator import hooks
from twin.emulator.hooks import Json
from twin.logs import LogStream
from twin.model_server import Answer, ModelServer, ModelServerError
from twin.model_server.streaming import AnswerStream
from twin.sagemaker import transfer
from twin.sagemaker.directory import ContainerDirectory
from twin.sagemaker.roles import PRINCIPAL
from twin.sagemaker.serving.llama_cpp import INVOCATIONS, NoModelError, server_flags

_SESSION = "SageMaker"

_emulator_log = logging.getLogger(__name__)


class ContainerError(Exception):
    """The container could not be brought up; the text is the endpoint's FailureReason."""


class Container:
    """A model behind an endpoint's variant. Its artefact is fetched, and its log written, as the model's role."""

    def __init__(self, model: Json, endpoint: str, variant: str, containers: int = 1) -> None:
        """`containers` is how many of them AWS would run: the one here answers as many requests side by side."""
        self._model, self._endpoint, self._variant, self._containers = model, endpoint, variant, containers
        self._definition = model["PrimaryContainer"]
        self._id = uuid.uuid4().hex
        self._directory = ContainerDirectory("endpoint", f"{endpoint}-{self._id[:8]}")
        self._starting = threading.Lock()
        self._ended = False
        self._log: LogStream | None = None
        self._server: ModelServer | None = None

    @property
    def log_group(self) -> str:
        """Where the container's log is."""
        return f"/aws/sagemaker/Endpoints/{self._endpoint}"

    @property
    def log_stream(self) -> str:
        """The stream of the log group."""
        return f"{self._variant}/{self._id}"

    @property
    def image(self) -> str:
        """The image that the model asks for."""
        return str(self._definition["Image"])

    def start(self, health_timeout: float) -> None:
        """Fetch the artefact and start the server, until it reports that it is healthy. Raises ContainerError."""
        try:
            role = credentials.role_environment(self._model["ExecutionRoleArn"], _SESSION, PRINCIPAL)
            self._log = LogStream(credentials.client_from(role, "logs"), self.log_group, self.log_stream)
            self._fetch(credentials.client_from(role, "s3"))
            flags = server_flags(self._definition.get("Environment") or {}, self._directory, self._containers)
            self._server = ModelServer(flags, self._directory.root / "server.log", self._log.write)
            self._server.start(health_timeout)
        except (hooks.RoleNotAssumableError, ClientError) as error:
            self.stop()
            raise ContainerError(str(error)) from error
        except (ModelServerError, NoModelError) as error:
            self.stop()
            raise ContainerError(
                f"The primary container for production variant {self._variant} did not pass the ping health check. "
                f"Please check CloudWatch logs for this endpoint. {error}"
            ) from error
        self._log.flush()

    def _fetch(self, s3: Any) -> None:
        source = (self._definition.get("ModelDataSource") or {}).get("S3DataSource") or {}
        uri = source.get("S3Uri") or self._definition["ModelDataUrl"]
        folder = self._directory.folder("/opt/ml/model")
        try:
            if source.get("S3DataType") == "S3Prefix" and source.get("CompressionType") == "None":
                transfer.download_prefix(s3, uri, folder)
                return
            archive = transfer.download_file(s3, uri, self._directory.root / "model.tar.gz")
            transfer.unpack(archive, folder)
            archive.unlink()
        except transfer.TransferError as error:
            self.stop()
            raise ContainerError(
                f"Could not access model data at {uri}. Please ensure that the role "
                f'"{self._model["ExecutionRoleArn"]}" has "s3:GetObject" permissions. {error}'
            ) from error

    def invoke(self, body: bytes, content_type: str, timeout: float) -> Answer:
        """Ask the container. Raises TimeoutError, or ModelServerError where it is not up and does not come up."""
        return self._running().request("POST", INVOCATIONS, body, content_type, timeout)

    def stream(self, body: bytes, content_type: str, timeout: float) -> AnswerStream:
        """Ask, and give the answer as it comes; `timeout` is for each part of it. Raises as `invoke` does."""
        return AnswerStream(self._running().url, INVOCATIONS, body, timeout, content_type)

    def _running(self) -> ModelServer:
        server = self._server
        if server is None:
            raise ModelServerError("The container is not running.")
        with self._starting:
            if self._ended:
                raise ModelServerError("The container is not running any more.")
            # SageMaker starts a container anew that has ended by itself.
            if not server.running:
                server.start()
        return server

    def stop(self) -> None:
        """End the server for good and drop the artefact."""
        self.kill()
        if self._log is not None:
            self._end(self._log)

    def _end(self, log: LogStream) -> None:
        """Send what the log still holds. A role that may not is no reason to keep the container: so on AWS too."""
        try:
            log.flush()
        except ClientError as error:
            _emulator_log.warning("The last lines of %s, %s, are lost: %s", self.log_group, self.log_stream, error)

    def kill(self) -> None:
        """End the server for good, and call nobody: the emulator itself ends."""
        self._ended = True
        try:
            if self._server is not None:
                self._server.stop()
        finally:
            self._directory.remove()
