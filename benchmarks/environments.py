"""An environment for each tool that this project is measured against, with pinned packages and none of its own."""

import hashlib
import subprocess
import sys
from pathlib import Path

ENVIRONMENTS = Path(__file__).resolve().parents[1] / ".fourfold" / "bench" / "environments"


def python_with(name: str, requirements: Path, *, borrow: bool = False) -> Path:
    """Return the Python of a tool's environment, made and filled where it is not there yet.

    Args:
        name: what the tool is called.
        requirements: every package of it, pinned.
        borrow: whether it sees this project's packages too.
    """
    folder = ENVIRONMENTS / f"{name}-{hashlib.sha256(requirements.read_bytes()).hexdigest()[:12]}"
    python = folder / "bin" / "python"
    if (folder / "complete").exists():
        return python
    uv = str(Path(sys.executable).with_name("uv"))
    subprocess.run([uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(folder)], check=True)
    # Without configuration: what this project overrides for itself is nothing to another tool.
    install = [uv, "--no-config", "pip", "install", "--quiet", "--no-deps", "--python", str(python)]
    subprocess.run([*install, "-r", str(requirements)], check=True)
    if borrow:
        packages = Path("lib") / f"python{sys.version_info.major}.{sys.version_info.minor}" / "site-packages"
        (folder / packages / "project.pth").write_text(str(Path(sys.prefix) / packages) + "\n")
    (folder / "complete").touch()
    return python
