"""What a run of the job has written, as records."""

import json
from collections import defaultdict
from typing import Any

from pipelines.preparation.parts import Destination


def rows_of(destination: Destination) -> dict[str, list[dict[str, Any]]]:
    """All records written, by folder."""
    rows: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for bucket in (destination.curated, destination.quarantine):
        for stored in bucket.objects(""):
            rows[stored.key.split("/")[2]] += [json.loads(line) for line in bucket.read(stored.key).splitlines()]
    return rows
