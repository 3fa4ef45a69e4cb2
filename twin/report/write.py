"""Write `report.json`, `report.html` and the data card whole or not at all."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from twin.report.collect import DATA_CARD
from twin.report.page import render


def write_report(report: dict[str, Any], folder: Path, card: str | None = None) -> Path:
    """Write both files, and the data card that the page links to, into the run's folder; return the page's path."""
    folder.mkdir(parents=True, exist_ok=True)
    if card is not None:
        replace(folder / DATA_CARD, card)
    replace(folder / "report.json", json.dumps(report, indent=2, ensure_ascii=False) + "\n")
    return replace(folder / "report.html", render(report))


def replace(path: Path, text: str) -> Path:
    """Write a text file beside its name first, so that a reader never sees half of it."""
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    partial.write_text(text, encoding="utf-8")
    partial.replace(path)
    return path
