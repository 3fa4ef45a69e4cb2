"""How long a synthesis takes, and that it repeats to the byte: `.venv/bin/python benchmarks/synthesis.py`.

Runs `app.py` twice for each environment and prints CPU seconds (user and system, children included), wall
seconds, and whether the two cloud assemblies are identical.
"""

from __future__ import annotations

import filecmp
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENTS = ("dev", "prod", "twin")


def synthesize(environment: str, output: Path) -> tuple[float, float]:
    """Synthesize once and return CPU and wall seconds."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(
        [sys.executable, "app.py", environment],
        cwd=ROOT,
        env={**os.environ, "CDK_OUTDIR": str(output)},
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    wall, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, wall


def identical(first: Path, second: Path) -> bool:
    """Return whether two folders hold the same files with the same bytes."""
    names = [sorted(p.relative_to(folder) for p in folder.rglob("*") if p.is_file()) for folder in (first, second)]
    return names[0] == names[1] and all(filecmp.cmp(first / n, second / n, shallow=False) for n in names[0])


def main() -> None:
    """Print one row an environment."""
    print(f"{'environment':<12} {'CPU s':>7} {'wall s':>7}  byte-identical")
    for environment in ENVIRONMENTS:
        with tempfile.TemporaryDirectory() as folder:
            outputs = [Path(folder) / name / "cdk.out" for name in ("first", "second")]
            (_, _), (cpu, wall) = (synthesize(environment, output) for output in outputs)
            print(f"{environment:<12} {cpu:>7.1f} {wall:>7.1f}  {'yes' if identical(*outputs) else 'NO'}")


if __name__ == "__main__":
    main()
