"""Write `report.json` and `report.html` whole or not at all."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from twin.report.page import render


def write_report(report: dict[str, Any], folder: Path) -> Path:
    """Write both files into the run's folder and return the page's path."""
    folder.mkdir(parents=True, exist_ok=True)
    replace(folder / "report.json", json.dumps(report, indent=2, ensure_ascii=False) + "\n")
    return replace(folder / "report.html", render(report))


def replace(path: Path, text: str) -> Path:
    """Write a text file beside its name first, so that a reader never sees half of it."""
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    partial.write_text(text, encoding="utf-8")
    partial.replace(path)
    return path
