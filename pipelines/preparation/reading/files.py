"""What a raw object is, by its name: its format, and how it is compressed."""

from dataclasses import dataclass

JSON_LINES, DELIMITED, PARQUET, TEXT = "json_lines", "delimited", "parquet", "text"

_FORMATS = {
    "jsonl": JSON_LINES,
    "ndjson": JSON_LINES,
    "json": JSON_LINES,
    "csv": DELIMITED,
    "tsv": DELIMITED,
    "parquet": PARQUET,
    "txt": TEXT,
    "md": TEXT,
}
_COMPRESSIONS = {"gz": "gzip", "zst": "zstd"}

READABLE = ".jsonl, .ndjson, .json, .csv, .tsv, .parquet, .txt, .md, and all but Parquet with .gz or .zst behind it"


@dataclass(frozen=True, slots=True)
class FileKind:
    """How a file is read."""

    format: str
    """`json_lines`, `delimited`, `parquet` or `text`."""
    compression: str | None
    """`gzip`, `zstd` or none."""

    @property
    def divisible(self) -> bool:
        """Whether several tasks can read parts of it."""
        return self.compression is None and self.format in (JSON_LINES, PARQUET)


def kind_of(key: str) -> FileKind | None:
    """Return how the job reads a file of this name, or None where it does not.

    A name whose only extension is a compression's is taken for JSON Lines, as Firehose writes them.
    """
    name = key.rsplit("/", 1)[-1].lower()
    stem, dot, extension = name.rpartition(".")
    if not dot:
        return None
    compression = _COMPRESSIONS.get(extension)
    if compression is None:
        known = _FORMATS.get(extension)
        return FileKind(known, None) if known else None
    _, dot, extension = stem.rpartition(".")
    known = _FORMATS.get(extension) if dot else JSON_LINES
    return FileKind(known, compression) if known and known != PARQUET else None
