"""What a run reads: which objects of the data set, and the list of them that is kept with the run.

The list is an object of its own, so that the manifest stays small whatever the number of files is.
"""

import hashlib
import json
import sys
from dataclasses import asdict
from typing import Any

from pipelines.preparation.errors import NoInputFiles
from pipelines.preparation.reading.files import READABLE, TEXT, kind_of
from pipelines.preparation.settings import Columns
from pipelines.preparation.storage import Bucket, StoredObject

LIST = "inputs.jsonl"
_SHOWN = 20


def find_files(raw: Bucket, dataset: str) -> list[StoredObject]:
    """Return every object of a data set; raises `NoInputFiles` where there is none that the job reads."""
    files = [stored for stored in raw.objects(f"{dataset}/") if not stored.key.endswith("/")]
    if not any(kind_of(stored.key) for stored in files):
        others = f" (it has {len(files)} files of other formats)" if files else ""
        raise NoInputFiles(
            f"s3://{raw.name}/{dataset}/ holds no file that is read{others}: {READABLE}. "
            "Put your files there, or name the prefix that has them in data.dataset or data.evaluation_set."
        )
    return files


def readable(files: list[StoredObject], columns: Columns) -> tuple[list[StoredObject], list[str]]:
    """Return the files to read, and the keys of the others: a text file has no target, and no turns.

    Raises `NoInputFiles` where none is left.
    """
    unlabelled = not columns.target and not columns.messages
    objects, skipped = [], []
    for stored in files:
        kind = kind_of(stored.key)
        if kind and (kind.format != TEXT or unlabelled):
            objects.append(stored)
        else:
            skipped.append(stored.key)
    if skipped:
        more = f" and {len(skipped) - _SHOWN} more" if len(skipped) > _SHOWN else ""
        why = "because they are of another format, or text without a target"
        print(f"Not read, {why}: {', '.join(skipped[:_SHOWN])}{more}", file=sys.stderr)
    if not objects:
        raise NoInputFiles(
            f"None of the {len(skipped)} files is read, as s3://…/{skipped[0]}: they are of another format, or text "
            "without the target that data.columns names. Leave out data.columns.target, or put files of records there."
        )
    return objects, skipped


def list_of_inputs(objects: list[StoredObject]) -> bytes:
    """Return the list as JSON Lines."""
    return b"".join(json.dumps(asdict(stored), ensure_ascii=False).encode() + b"\n" for stored in objects)


def summary_of_inputs(objects: list[StoredObject]) -> dict[str, Any]:
    """Return what the manifest says about the list."""
    return {
        "files": len(objects),
        "bytes": sum(stored.size for stored in objects),
        "sha256": hashlib.sha256(list_of_inputs(objects)).hexdigest(),
    }


def read_inputs(curated: Bucket, prefix: str) -> list[StoredObject]:
    """Read the list that was kept with a run."""
    return [StoredObject(**json.loads(line)) for line in curated.read(f"{prefix}{LIST}").splitlines()]
