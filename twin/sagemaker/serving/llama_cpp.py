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
_DEPTH = 2


class NoModelError(Exception):
    """There is no GGUF file where the container looks for one."""


def server_flags(environment: Mapping[str, str], directory: ContainerDirectory) -> list[str]:
    """The flags that the container starts llama-server with. Raises NoModelError."""
    flags = ["--model", _model(environment, directory)]
    for name, value in sorted(environment.items()):
        option = name.removeprefix(_PREFIX)
        if option == name or option in _READ_BY_THE_ENTRY_POINT or value.lower() == "false":
            continue
        flags.append(f"--{option.lower().replace('_', '-')}")
        if value and value.lower() != "true":
            flags.append(directory.localize(value))
    return flags


def _model(environment: Mapping[str, str], directory: ContainerDirectory) -> str:
    if named := environment.get(f"{_PREFIX}MODEL"):
        return directory.localize(named)
    folder = environment.get(f"{_PREFIX}MODEL_DIR", "/opt/ml/model")
    root = directory.path(folder)
    found = sorted(path for path in root.rglob("*.gguf") if len(path.relative_to(root).parts) <= _DEPTH)
    if not found:
        raise NoModelError(f"No *.gguf was found under {folder}: the model's artefact holds none.")
    return str(found[0])
