"""Which program serves: llama.cpp as xllamacpp carries it, or a llama-server that was built for this machine.

xllamacpp's wheel is compiled for many processors. A llama-server that was built for this one (`make llama-server`), or
for its GPU, is faster.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

PROGRAM_VARIABLE = "FOURFOLD_LLAMA_SERVER"
BUILT = Path(sys.prefix) / "bin" / "llama-server"
"""Where `make llama-server` puts what it built: beside the Python that all of this runs on."""
# Where such a program finds its libraries, and which GPU it may use.
_ITS_OWN = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "CUDA_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES")


class ProgramError(Exception):
    """The environment names a llama-server that cannot be run; the text says which, and what to do."""


def own_program(environment: Mapping[str, str] = os.environ, built: Path = BUILT) -> Path | None:
    """Return the llama-server that the environment names, or else the one that was built here, or None.

    An environment that has the variable with nothing in it chooses the llama.cpp that is installed.

    Raises ProgramError where there is no such program: nothing else may serve in its place unseen.
    """
    if PROGRAM_VARIABLE not in environment:
        return built if built.is_file() else None
    named = environment[PROGRAM_VARIABLE]
    if not named:
        return None
    found = shutil.which(named)
    if found is None:
        raise ProgramError(
            f"{PROGRAM_VARIABLE} is {named!r}, and there is no such program. Give the path of a llama-server, "
            f"or unset {PROGRAM_VARIABLE} to serve with the llama.cpp that is installed here."
        )
    return Path(found).absolute()


def program_environment(environment: Mapping[str, str] = os.environ, built: Path = BUILT) -> dict[str, str]:
    """Return what a process needs in its environment to serve with the same program as this one, and to run it.

    Raises ProgramError as `own_program` does.
    """
    program = own_program(environment, built)
    if program is None:
        return {PROGRAM_VARIABLE: ""}
    kept = {name: environment[name] for name in _ITS_OWN if name in environment}
    # By its whole path: whoever starts it has another working directory.
    return kept | {PROGRAM_VARIABLE: str(program)}
