"""Functions run in Lambda's environment, not in this project's: a Python with Lambda's own packages, AWS's variables.

The emulator starts a function with its own Python and its own environment variables. What a function forgot to
bundle would then be found here, and missing on AWS.
"""

from __future__ import annotations

import contextvars
import os
import shutil
import subprocess
import sysconfig
import threading
import venv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib.metadata import Distribution, distribution
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from ministack.core import lambda_runtime
from packaging.requirements import Requirement

from twin.emulator.hooks.collections import with_endpoints_of_now
from twin.emulator.hooks.services import Json
from twin.emulator.launcher import WORK_DIR_VARIABLE
from twin.processes import MARK_VARIABLE

# What Lambda's Python runtimes carry beside the standard library: this distribution and what it requires.
CARRIED = "boto3"
# Where AWS has programs, but for /var/lang, whose Python is the one of `function_python` here.
_PATH = "/usr/local/bin:/usr/bin:/bin:/opt/bin"
# Where a function's files lie on AWS.
_TASK_ROOT = "/var/task"
# What the emulator gives a function; the last three are how it hands over what AWS hands over otherwise.
_GIVEN = (
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
    "AWS_LAMBDA_FUNCTION_NAME",
    "AWS_LAMBDA_FUNCTION_VERSION",
    "AWS_LAMBDA_LOG_STREAM_NAME",
    "AWS_REGION",
    "AWS_DEFAULT_REGION",
    "LAMBDA_TASK_ROOT",
    "NODE_PATH",
    "_LAMBDA_FUNCTION_ARN",
    "_LAMBDA_LAYERS_DIRS",
    "_LAMBDA_TIMEOUT",
)
# What AWS does not set and has no need of: the mark, where the emulator is, that no other place is to be asked for
# credentials, and a directory of the emulator's own in place of /tmp, so that nothing is left behind.
_HERE = (
    MARK_VARIABLE,
    lambda_runtime.HOST_PREFIX_ENV,
    "AWS_ENDPOINT_URL",
    "AWS_EC2_METADATA_DISABLED",
    "AWS_CONFIG_FILE",
    "AWS_SHARED_CREDENTIALS_FILE",
    "TMPDIR",
)

_starting: contextvars.ContextVar[Json | None] = contextvars.ContextVar("starting", default=None)


def isolate_functions() -> None:
    """Start each function with `function_python` and `function_environment`."""
    detect, spawn = lambda_runtime._detect_runtime_binary, lambda_runtime.Worker._spawn

    def binary_of(runtime: str) -> tuple[str, str]:
        binary, script = detect(runtime)
        if runtime.startswith("python"):
            return str(function_python(Path(os.environ[WORK_DIR_VARIABLE]) / "function-python")), script
        # The function's own PATH is not this process's, which is where the emulator would have found it.
        return shutil.which(binary) or binary, script

    def spawn_remembered(worker: Any) -> None:
        worker.config = {**worker.config, "Environment": {"Variables": _own_variables(worker.config)}}
        token = _starting.set(worker.config)
        try:
            spawn(worker)
        finally:
            _starting.reset(token)

    def start(argv: Sequence[str], env: Mapping[str, str], **options: Any) -> subprocess.Popen[str]:
        function = _starting.get()
        if function is not None:
            env = function_environment(function, env)
        return subprocess.Popen(argv, env=dict(env), **options)

    lambda_runtime._detect_runtime_binary = binary_of
    lambda_runtime.Worker._spawn = spawn_remembered
    lambda_runtime.subprocess = SimpleNamespace(**{**vars(subprocess), "Popen": start})


def function_environment(function: Json, given: Mapping[str, str]) -> dict[str, str]:
    """The environment of a function with this configuration: AWS's variables, out of those `given`, and its own.

    Left out is what names things that are not here: Lambda's runtime API and X-Ray's daemon. The function's files
    lie elsewhere than on AWS: its own variables that name one of them say where.
    """
    task_root = given.get("LAMBDA_TASK_ROOT", _TASK_ROOT)
    own = {name: _in_task_root(value, task_root) for name, value in _own_variables(function).items()}
    name = function.get("FunctionName", "")
    provided = {
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{function.get('Runtime', '')}",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": (function.get("LoggingConfig") or {}).get("LogGroup") or f"/aws/lambda/{name}",
        "_HANDLER": function.get("Handler", ""),
        "LANG": "en_US.UTF-8",
        "TZ": ":UTC",
        "PATH": _PATH,
    }
    kept = {name: given[name] for name in (*_GIVEN, *_HERE) if name in given}
    return {**provided, **own, **kept}


def _own_variables(function: Json) -> dict[str, str]:
    """The variables that a function was given. A collection's endpoint in them moves with the emulator."""
    variables: dict[str, str] = (function.get("Environment") or {}).get("Variables") or {}
    return {name: with_endpoints_of_now(value) for name, value in variables.items()}


def _in_task_root(value: str, task_root: str) -> str:
    return f"{task_root}{value.removeprefix(_TASK_ROOT)}" if f"{value}/".startswith(f"{_TASK_ROOT}/") else value


_pythons: dict[Path, Path] = {}
_making = threading.Lock()


def function_python(place: Path) -> Path:
    """A Python in a virtual environment at `place`, made once in this process.

    It has Lambda's packages, by links, and no others. Its version is this process's, whatever runtime a function
    names.
    """
    with _making:
        if place not in _pythons:
            _pythons[place] = _make_python(place)
        return _pythons[place]


def _make_python(place: Path) -> Path:
    venv.EnvBuilder(symlinks=True, clear=True, with_pip=False).create(place)
    base = {"base": str(place), "platbase": str(place)}
    packages = Path(sysconfig.get_path("purelib", "venv", base))
    for found in _with_requirements(CARRIED):
        for entry in _top_level(found):
            (packages / entry.name).symlink_to(entry)
    return place / "bin" / "python"


def _with_requirements(name: str) -> Iterator[Distribution]:
    """A distribution and all that it requires here, each once."""
    waiting, seen = [name], set()
    while waiting:
        wanted = waiting.pop()
        if wanted in seen:
            continue
        seen.add(wanted)
        found = distribution(wanted)
        yield found
        required = map(Requirement, found.requires or [])
        waiting += [each.name for each in required if not each.marker or each.marker.evaluate({"extra": ""})]


def _top_level(found: Distribution) -> Iterable[Path]:
    """The packages, modules and metadata of a distribution where it is installed; not its programs."""
    names = {file.parts[0] for file in found.files or []} - {"..", "__pycache__"}
    return [Path(str(found.locate_file(name))) for name in sorted(names)]
