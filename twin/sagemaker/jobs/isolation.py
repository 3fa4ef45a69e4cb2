"""EnableNetworkIsolation: a job without network and without credentials.

On Linux the process gets a network namespace of its own, with nothing in it. Where the kernel does not allow that,
or on another system, the job runs without credentials and without the emulator's address, and its log says so.
"""

from __future__ import annotations

import functools
import shutil
import subprocess

_NAMESPACE = ["unshare", "--map-current-user", "--net"]


@functools.cache
def available() -> bool:
    """Whether processes can be given a network namespace here."""
    if shutil.which(_NAMESPACE[0]) is None:
        return False
    return subprocess.run([*_NAMESPACE, "true"], capture_output=True, check=False).returncode == 0


def isolated(argv: list[str]) -> list[str]:
    """`argv`, without a network where that can be had."""
    return [*_NAMESPACE, *argv] if available() else argv
