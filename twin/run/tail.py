"""Read the events that the emulator's executors append, as they come."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


class EventTail:
    """Reads whole new lines of a growing JSONL file; a line still being written waits for the next look."""

    def __init__(self, path: Path) -> None:
        self._path, self._offset = path, 0

    def read(self) -> list[dict[str, Any]]:
        """Return the events that came since the last call, oldest first."""
        if not self._path.exists():
            return []
        with self._path.open("rb") as file:
            file.seek(self._offset)
            whole, newline, _ = file.read().rpartition(b"\n")
        self._offset += len(whole) + len(newline)
        return [json.loads(line) for line in whole.splitlines() if line.strip()]
