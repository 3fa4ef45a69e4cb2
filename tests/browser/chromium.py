"""A Chromium for the tests: the one in the npm package, unpacked once.

The package is a build for Lambda, so it needs nothing that a bare Linux has not: the few libraries that one may lack
lie beside it. The package's own unpacking needs a newer Node than the rest of the project; this does the same.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "node_modules" / "@sparticuz" / "chromium"
OWN = "FOURFOLD_CHROMIUM"
REMEDY = f"Set {OWN} to the path of a Chromium or Chrome."
ARGUMENTS = [
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
    "--no-sandbox",  # a container's root may not make one; the pages here are the project's own
]
_UNPACK = """
const { brotliDecompressSync } = require("node:zlib");
const { readFileSync, writeFileSync } = require("node:fs");
writeFileSync(process.argv[2], brotliDecompressSync(readFileSync(process.argv[1])));
"""


class NoChromium(Exception):
    """There is no browser to test with; the text says why, and what to do."""


@dataclass(frozen=True)
class Chromium:
    """A browser to start.

    Attributes:
        environment: what it is to be started with.
    """

    executable: Path
    environment: dict[str, str]


def chromium() -> Chromium:
    """Give the browser that `FOURFOLD_CHROMIUM` names, or the one of the npm package.

    Raises:
        NoChromium: neither is there, or what is there cannot run here.
    """
    if own := os.environ.get(OWN):
        if shutil.which(own) is None:
            raise NoChromium(f"{OWN} names {own}, which is no program.")
        return Chromium(Path(own), dict(os.environ))
    if (platform.system(), platform.machine()) != ("Linux", "x86_64"):
        raise NoChromium(f"The npm package's Chromium runs on Linux on x86-64 alone. {REMEDY}")
    if not PACKAGE.is_dir():
        raise NoChromium(f"{PACKAGE.relative_to(ROOT)} is not there. Run `make setup`. Or: {REMEDY}")
    folder = _unpacked()
    executable = folder / "chromium"
    environment = _with_fonts(folder)
    if _missing(executable, environment):
        environment["LD_LIBRARY_PATH"] = str(folder / "lib")
    if missing := _missing(executable, environment):
        raise NoChromium(f"Chromium needs {', '.join(missing)}. Install what has them, or: {REMEDY}")
    return Chromium(executable, environment)


def _unpacked() -> Path:
    """Give the folder with the unpacked browser, for this version of the package."""
    version = json.loads((PACKAGE / "package.json").read_text(encoding="utf-8"))["version"]
    folder = ROOT / ".fourfold" / "cache" / f"chromium-{version}"
    if folder.is_dir():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
        made = Path(scratch) / "chromium"
        made.mkdir()
        _decompress("chromium.br", made / "chromium")
        (made / "chromium").chmod(0o755)
        for archive in ("al2023.tar", "fonts.tar", "swiftshader.tar"):
            _decompress(f"{archive}.br", made / archive)
            shutil.unpack_archive(made / archive, made)  # what it holds was checked by its hash
        (made / "fonts.conf").write_text(_FONTS.format(folder=folder), encoding="utf-8")
        try:
            made.rename(folder)  # whoever comes first; the others' is the same
        except OSError:
            if not folder.is_dir():
                raise
    return folder


def _decompress(name: str, to: Path) -> None:
    subprocess.run(["node", "-e", _UNPACK, str(PACKAGE / "bin" / name), str(to)], check=True)


def _missing(executable: Path, environment: dict[str, str]) -> list[str]:
    listed = subprocess.run(["ldd", str(executable)], env=environment, capture_output=True, text=True, check=True)
    return [line.split()[0] for line in listed.stdout.splitlines() if line.endswith("not found")]


_FONTS = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>{folder}/fonts</dir>
  <dir>/usr/share/fonts</dir>
  <cachedir>{folder}/font-cache</cachedir>
  <alias binding="same"><family>system-ui</family><prefer><family>Open Sans</family></prefer></alias>
  <alias binding="same"><family>sans-serif</family><prefer><family>Open Sans</family></prefer></alias>
  <alias binding="same"><family>ui-monospace</family><prefer><family>DejaVu Sans Mono</family></prefer></alias>
</fontconfig>
"""


def _with_fonts(folder: Path) -> dict[str, str]:
    """Give an environment with the package's font first, so that pages look the same on every machine."""
    return {**os.environ, "FONTCONFIG_FILE": str(folder / "fonts.conf")}
