"""Lambda functions fail as on AWS: with the exception's own name, and never with a made-up answer."""

from __future__ import annotations

import contextvars
from typing import Any

from ministack.core import lambda_runtime
from ministack.services import lambda_svc

from twin.emulator.hooks.function_runtime import isolate_functions
from twin.emulator.hooks.function_settings import check_function_settings
from twin.emulator.hooks.services import Json

# What the emulator's worker tells about a failure, and what it must tell.
_INVOKE_ERROR = '"error": str(e), "trace": traceback.format_exc()'
_INVOKE_ERROR_NAMED = f'"error_type": type(e).__name__, {_INVOKE_ERROR}'
_INIT_ERROR = '{"status": "error", "error": str(e)}'
_INIT_ERROR_NAMED = '{"status": "error", "error": type(e).__name__ + ": " + str(e)}'
_INIT_PREFIX = "Worker init failed: "

_answer: contextvars.ContextVar[Json] = contextvars.ContextVar("answer")


def name_function_errors() -> None:
    """Give failed invocations AWS's payload: errorType, errorMessage, requestId and stackTrace.

    The emulator calls every failure Runtime.HandlerError, which no Catch of a state machine is written for. Some
    it does not see at all, such as a module that is missing on AWS, so functions run in an environment of Lambda's.
    """
    isolate_functions()
    script = lambda_runtime._PYTHON_WORKER_SCRIPT
    for plain, named in ((_INVOKE_ERROR, _INVOKE_ERROR_NAMED), (_INIT_ERROR, _INIT_ERROR_NAMED)):
        if plain not in script:
            raise RuntimeError(f"The emulator's Python worker no longer reports its errors as {plain}")
        script = script.replace(plain, named)
    lambda_runtime._PYTHON_WORKER_SCRIPT = script
    invoke, execute = lambda_runtime.Worker.invoke, lambda_svc._execute_function_warm

    def remember(worker: Any, *args: Any, **kwargs: Any) -> Json:
        answer: Json = invoke(worker, *args, **kwargs)
        _answer.set(answer)
        return answer

    def execute_named(function: Json, event: Any, request_id: str) -> Json:
        if not function.get("code_zip"):
            return _refusal("This function has no code.")
        _answer.set({})
        result: Json = execute(function, event, request_id)
        if result.get("error"):
            module = (function.get("config") or function).get("Handler", "").rpartition(".")[0]
            result["body"] = _error_payload(result["body"], _answer.get(), request_id, module)
        return result

    lambda_runtime.Worker.invoke = remember
    lambda_svc._execute_function_warm = execute_named


def _error_payload(body: Json, answer: Json, request_id: str, module: str) -> Json:
    message = body["errorMessage"]
    payload = {"errorMessage": message, "errorType": body["errorType"], "requestId": request_id}
    if "error_type" in answer:
        trace = str(answer.get("trace", "")).splitlines()
        return {**payload, "errorType": answer["error_type"], "stackTrace": trace}
    if message.startswith(_INIT_PREFIX):
        name, _, text = message.removeprefix(_INIT_PREFIX).partition(": ")
        if name in ("ImportError", "ModuleNotFoundError"):
            name, text = "Runtime.ImportModuleError", f"Unable to import module '{module}': {text}"
        return {**payload, "errorType": name, "errorMessage": text}
    if message == "Worker process died":
        return {
            **payload,
            "errorType": "Runtime.ExitError",
            "errorMessage": f"RequestId: {request_id} Error: Runtime exited without providing a reason",
        }
    return payload


def refuse_unsupported_functions() -> None:
    """Fail functions that need Docker: container images, and runtimes other than Python and Node.js.

    The emulator answers for them by itself, with success and a made-up body. Functions that Lambda would not have
    created are not created here either.
    """
    check_function_settings()

    def refuse(function: Json, _event: Any, _request_id: str = "") -> Json:
        config = function.get("config") or function
        kind = config.get("Runtime") or f"package type {config.get('PackageType')}"
        return _refusal(f"The twin runs Python and Node.js functions, not {kind}.")

    lambda_svc._execute_function_docker = refuse
    lambda_svc._execute_function_provided = refuse
    lambda_svc._execute_function_provided_warm = refuse


def _refusal(message: str) -> Json:
    return {"body": {"errorMessage": message, "errorType": "Runtime.Unsupported"}, "error": True, "log": message}
