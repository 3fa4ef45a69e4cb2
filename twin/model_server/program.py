"""Which program serves: llama.cpp as xllamacpp carries it, or a llama-server of the user's own.

xllamacpp's wheel is compiled for many processors. One that was built for this processor, or for its GPU, is faster.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

PROGRAM_VARIABLE = "FOURFOLD_LLAMA_SERVER"
# Where such a program finds its libraries, and which GPU it may use.
_ITS_OWN = (PROGRAM_VARIABLE, "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "CUDA_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES")


class ProgramError(Exception):
    """The environment names a llama-server that cannot be run; the text says which, and what to do."""


def own_program(environment: Mapping[str, str] = os.environ) -> Path | None:
    """Return the llama-server that the environment names, or None where it names none.

    Raises ProgramError where there is no such program: nothing else may serve in its place unseen.
    """
    named = environment.get(PROGRAM_VARIABLE, "")
    if not named:
        return None
    found = shutil.which(named)
    if found is None:
        raise ProgramError(
            f"{PROGRAM_VARIABLE} is {named!r}, and there is no such program. Give the path of a llama-server, "
            f"or unset {PROGRAM_VARIABLE} to serve with the llama.cpp that is installed here."
        )
    return Path(found).absolute()


def program_environment(environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return what a process needs in its environment to find the user's own llama-server and run it; or nothing.

    Raises ProgramError as `own_program` does.
    """
    program = own_program(environment)
    if program is None:
        return {}
    kept = {name: environment[name] for name in _ITS_OWN if name in environment}
    # By its whole path: whoever starts it has another working directory.
    return kept | {PROGRAM_VARIABLE: str(program)}
