"""`fourfold check-data` as the tests run it, and files for it."""

import gzip
from pathlib import Path

from typer.testing import CliRunner

from cli.main import app
from pipelines.formats.records import Message, Record

RECORD = Record((Message("user", "a question"), Message("assistant", "an answer")), record_id="1")


def invoke(*arguments: object) -> tuple[int, str, str]:
    """Run the command and return its exit code and what it printed to both streams."""
    result = CliRunner().invoke(app, ["check-data", *map(str, arguments)], catch_exceptions=False)
    return result.exit_code, result.stdout, result.stderr


def file_of(folder: Path, *lines: str, name: str = "train.jsonl", count: int = 1) -> Path:
    path = folder / name
    content = "".join(f"{line}\n" for line in lines * count).encode()
    path.write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    return path
