"""Functions with the Lambda Web Adapter: the emulator runs handlers of modules, and theirs is a program."""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from ministack.core import concurrency, lambda_runtime, responses
from ministack.services import lambda_svc

from twin.emulator.hooks.function_runtime import function_environment, function_python
from twin.emulator.hooks.services import Json, in_background
from twin.emulator.hooks.streams import Stream, client_leaving, stream_as_raw
from twin.emulator.launcher import WORK_DIR_VARIABLE

LAYER = ":layer:LambdaAdapterLayer"
WRAPPER_VARIABLE, WRAPPER = "AWS_LAMBDA_EXEC_WRAPPER", "/opt/bootstrap"


class FunctionFailedError(Exception):
    """An invocation's failure: its `kind` (`Runtime.ExitError`), a `message` as Lambda's, and what was printed."""

    def __init__(self, kind: str, message: str, printed: str = "") -> None:
        super().__init__(f"{kind}: {message}")
        self.kind, self.message, self.printed = kind, message, printed


@dataclass(frozen=True)
class WebFunction:
    """A version of a function whose handler is an application with the adapter.

    Attributes:
        config: its settings, in which the emulator writes.
        code: its archive.
        revision: which code and settings these are; another one after every change.
    """

    config: Json
    code: bytes
    revision: str

    @property
    def arn(self) -> str:
        """The function's ARN."""
        return str(self.config["FunctionArn"])

    @property
    def name(self) -> str:
        """The function's name."""
        return str(self.config["FunctionName"])

    @property
    def version(self) -> str:
        """`$LATEST`, or a number."""
        return str(self.config.get("Version", "$LATEST"))

    @property
    def timeout(self) -> float:
        """How many seconds an invocation may take."""
        return float(self.config.get("Timeout", 3))

    @property
    def memory_mb(self) -> int:
        """Its memory size."""
        return int(self.config.get("MemorySize", 128))

    @property
    def log_group(self) -> str:
        """Where its log lies."""
        return (self.config.get("LoggingConfig") or {}).get("LogGroup") or f"/aws/lambda/{self.name}"

    @property
    def variables(self) -> dict[str, str]:
        """The environment variables that its settings give it."""
        return (self.config.get("Environment") or {}).get("Variables") or {}

    def environment(self, task_root: Path) -> dict[str, str]:
        """The whole environment of its process: with its role's credentials, and Lambda's Python on the PATH."""
        _account, region = lambda_runtime._account_region_from_function_config(self.config)
        given = {
            **os.environ,
            **lambda_runtime.execution_credentials(self.config),
            lambda_runtime.HOST_PREFIX_ENV: "true",
            "AWS_REGION": region,
            "AWS_DEFAULT_REGION": region,
            "AWS_LAMBDA_FUNCTION_NAME": self.name,
            "AWS_LAMBDA_FUNCTION_VERSION": self.version,
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(self.memory_mb),
            "LAMBDA_TASK_ROOT": str(task_root),
        }
        python = function_python(Path(os.environ[WORK_DIR_VARIABLE]) / "function-python")
        whole = function_environment(self.config, given)
        packages = next(python.parent.parent.glob("lib/python*/site-packages"))
        path = f"{python.parent}:{whole['PATH']}"
        return {**whole, "PATH": path, "LAMBDA_RUNTIME_DIR": str(packages), "PYTHONUNBUFFERED": "1"}


class Invocation(Protocol):
    """One request to such a function; see `twin.web_adapter.invocation`."""

    @property
    def streams(self) -> bool: ...
    def open(self) -> tuple[int, list[tuple[str, str]]]: ...
    def pieces(self) -> Iterator[bytes]: ...
    def whole(self) -> Json: ...
    def cancel(self) -> None: ...
    def close(self) -> str: ...


Invoke = Callable[[WebFunction, Any, str], Invocation]
Retire = Callable[[str, "str | None"], None]
_invoke: list[Invoke] = []


def run_web_functions_with(invoke: Invoke, retire: Retire) -> None:
    """Let `invoke(function, event, request_id)` run functions that have the adapter's layer and its wrapper.

    `retire(name, version)` is called when a function was changed or deleted, with None for all its versions.
    """
    _invoke[:] = [invoke]
    execute, invalidate = lambda_svc._execute_function_warm, lambda_svc.invalidate_worker

    def execute_either(function: Json, event: Any, request_id: str) -> Json:
        if reason := _unsupported(function):
            return _failed(FunctionFailedError("Runtime.Unsupported", reason), "")
        found = web_function(function)
        result: Json = execute(function, event, request_id) if found is None else _buffered(found, event, request_id)
        return result

    def invalidate_both(func_name: str, qualifier: str | None = None, **scope: Any) -> None:
        invalidate(func_name, qualifier=qualifier, **scope)
        retire(func_name, qualifier)

    lambda_svc._execute_function_warm = execute_either
    lambda_svc.invalidate_worker = invalidate_both


def web_function(function: Json) -> WebFunction | None:
    """The function of an emulator's record, where it has the adapter's layer and its wrapper."""
    config = function.get("config") or function
    variables = (config.get("Environment") or {}).get("Variables") or {}
    if not any(LAYER in arn for arn in _layers(config)) or variables.get(WRAPPER_VARIABLE) != WRAPPER:
        return None
    return WebFunction(config, function.get("code_zip") or b"", str(config.get("RevisionId", "")))


def _layers(config: Json) -> list[str]:
    return [layer if isinstance(layer, str) else layer.get("Arn", "") for layer in config.get("Layers") or []]


def _unsupported(function: Json) -> str | None:
    """Why a function cannot run here as on AWS: it would lack a layer, or what wraps its handler."""
    config = function.get("config") or function
    variables = (config.get("Environment") or {}).get("Variables") or {}
    wrapper = variables.get(WRAPPER_VARIABLE)
    if wrapper and web_function(function) is None:
        return (
            f"The twin has no wrapper {wrapper}: it runs functions with the Lambda Web Adapter's layer and {WRAPPER}."
        )
    for arn in _layers(config):
        if LAYER not in arn and lambda_svc._resolve_layer_zip(arn) is None:
            return f"The twin does not have the layer {arn}."
    return None


def _buffered(function: WebFunction, event: Any, request_id: str) -> Json:
    """The emulator's form of an invocation that is waited for."""
    invocation = _invoke[0](function, event, request_id)
    try:
        body: Any = invocation.whole()
        if invocation.streams:
            body = _as_streamed(body)
        return {"body": body, "log": invocation.close()}
    except FunctionFailedError as failure:
        return _failed(failure, invocation.close())
    finally:
        invocation.close()


def _as_streamed(answer: Json) -> str:
    """What Lambda's Invoke gives of a function that streams: the bytes of its stream, which are no JSON."""
    prelude = {"statusCode": answer["statusCode"], "headers": answer["headers"]}
    return f"{responses.json.dumps(prelude)}{chr(0) * 8}{answer['body']}"


def _failed(failure: FunctionFailedError, printed: str) -> Json:
    log = "\n".join(filter(None, [failure.printed, printed, failure.message]))
    return {"body": {"errorMessage": failure.message, "errorType": failure.kind}, "error": True, "log": log}


class ThrottledError(Exception):
    """The function runs as often at once as it may."""


async def stream_function(
    record: Json, function: WebFunction, event: Any, seconds: float
) -> tuple[int, dict[str, Any], Any] | None:
    """The raw answer of a function that streams, sent on as it comes; its end frees what the invocation held.

    A client that goes away ends the request to the application, also before the first byte of the answer, and so
    does the end of the `seconds` for which the integration waits. None says that the function does not stream: its
    answer has not the form that API Gateway waits for.

    Raises:
        FunctionFailedError: there is no answer.
        TimeoutError: there is none in time.
        ThrottledError: the function runs as often at once as it may.
    """
    request_id = responses.new_uuid()
    invocation = _invoke[0](function, event, request_id)
    if not invocation.streams:
        return None
    slot, _limit = lambda_svc._acquire_execution_slot(record, function.config)
    if slot is None:
        raise ThrottledError
    run = _Run(record, invocation, request_id, slot)
    deadline = time.monotonic() + seconds
    try:
        status, headers = await asyncio.wait_for(_opened(invocation, run), seconds)
    except FunctionFailedError as failure:
        await asyncio.to_thread(run.end, failure)
        raise
    many: dict[str, str | list[str]] = {}
    for name, value in headers:
        before = many.get(name)
        many[name] = value if before is None else [*(before if isinstance(before, list) else [before]), value]
    run.cut_off_in(deadline - time.monotonic())
    return stream_as_raw(Stream(run.pieces(), run.cancel, many, status))


async def _opened(invocation: Invocation, run: _Run) -> tuple[int, list[tuple[str, str]]]:
    leaving = client_leaving()
    opening = asyncio.ensure_future(concurrency.run_reentrant(invocation.open, thread_name="web-function"))
    try:
        if leaving is not None:
            await asyncio.wait({opening, leaving}, return_when=asyncio.FIRST_COMPLETED)
            if not opening.done():
                await asyncio.to_thread(invocation.cancel)
        answer: tuple[int, list[tuple[str, str]]] = await asyncio.shield(opening)
    except asyncio.CancelledError:
        # Whoever asked waits no longer. What was begun is given back once its thread has ended.
        invocation.cancel()
        opening.add_done_callback(run.abandon)
        raise
    return answer


class _Run:
    """An invocation that streams, with what it holds in the emulator until it ends."""

    def __init__(self, record: Json, invocation: Invocation, request_id: str, slot: Any) -> None:
        self._record, self._invocation, self._request_id, self._slot = record, invocation, request_id, slot
        self._began = time.time()
        self._ended = False
        self._timer: threading.Timer | None = None

    def cut_off_in(self, seconds: float) -> None:
        """Break the stream off then, unless it has ended by itself."""
        self._timer = threading.Timer(max(seconds, 0), self.cancel)
        self._timer.daemon = True
        self._timer.start()

    def pieces(self) -> Iterator[bytes]:
        failure: FunctionFailedError | None = None
        try:
            yield from self._invocation.pieces()
        except FunctionFailedError as error:
            failure = error
            raise
        finally:
            self.end(failure)

    def cancel(self) -> None:
        self._invocation.cancel()

    def abandon(self, opening: asyncio.Future[Any]) -> None:
        """End what nobody waits for any more, however it came out."""
        opening.exception()
        in_background("abandoned", lambda: self.end(None))

    def end(self, failure: FunctionFailedError | None) -> None:
        if self._ended:
            return
        self._ended = True
        if self._timer is not None:
            self._timer.cancel()
        printed = self._invocation.close()
        lambda_svc._release_execution_slot(self._slot)
        log = _failed(failure, printed)["log"] if failure else printed
        milliseconds = int((time.time() - self._began) * 1000)
        lambda_svc._emit_lambda_logs(self._record, self._request_id, log, failure is not None, milliseconds)
