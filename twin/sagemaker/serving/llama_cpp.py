"""What the entry point of AWS's llama.cpp container for SageMaker makes of a model's environment.

https://aws.github.io/deep-learning-containers/llama-cpp/configuration/: `SM_LLAMA_CPP_FOO_BAR=value` is llama-server's
flag `--foo-bar value`; the model is the one GGUF file under `/opt/ml/model`; and a proxy in front maps `/ping` to
`/health`, `/invocations` to `/v1/chat/completions`.
"""

from __future__ import annotations

from collections.abc import Mapping

from twin.sagemaker.directory import ContainerDirectory

INVOCATIONS = "/v1/chat/completions"
_PREFIX = "SM_LLAMA_CPP_"
_READ_BY_THE_ENTRY_POINT = ("MODEL", "MODEL_DIR", "PORT")
_SLOTS, _CONTEXT = f"{_PREFIX}PARALLEL", f"{_PREFIX}CTX_SIZE"
_DEPTH = 2
# A step for eight sequences reads the weights once. More gain little on a laptop, and each slot holds a whole context;
# further requests wait in the server.
MOST_SLOTS = 8


class NoModelError(Exception):
    """There is no GGUF file where the container looks for one."""


def server_flags(environment: Mapping[str, str], directory: ContainerDirectory, containers: int = 1) -> list[str]:
    """The flags of the one llama-server that stands for `containers` of them. Raises NoModelError."""
    flags = ["--model", _model(environment, directory)]
    for name, value in sorted(_widened(environment, containers).items()):
        option = name.removeprefix(_PREFIX)
        if option == name or option in _READ_BY_THE_ENTRY_POINT or value.lower() == "false":
            continue
        flags.append(f"--{option.lower().replace('_', '-')}")
        if value and value.lower() != "true":
            flags.append(directory.localize(value))
    return flags


def _widened(environment: Mapping[str, str], containers: int) -> Mapping[str, str]:
    """The environment with as many slots as all containers have, each with the context that it has in one.

    A number of slots that llama-server chooses itself stays, and so does a context that is the model's own.
    """
    given, context = environment.get(_SLOTS, ""), environment.get(_CONTEXT, "")
    if not all(number.isdecimal() and int(number) for number in (given, context)):
        return environment
    slots = max(int(given), min(int(given) * containers, MOST_SLOTS))
    return {**environment, _SLOTS: str(slots), _CONTEXT: str(int(context) // int(given) * slots)}


def _model(environment: Mapping[str, str], directory: ContainerDirectory) -> str:
    if named := environment.get(f"{_PREFIX}MODEL"):
        return directory.localize(named)
    folder = environment.get(f"{_PREFIX}MODEL_DIR", "/opt/ml/model")
    root = directory.path(folder)
    found = sorted(path for path in root.rglob("*.gguf") if len(path.relative_to(root).parts) <= _DEPTH)
    if not found:
        raise NoModelError(f"No *.gguf was found under {folder}: the model's artefact holds none.")
    return str(found[0])
