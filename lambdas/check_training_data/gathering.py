"""One file of training data out of the many that preparation wrote: a part of the records, in their own order.

Bedrock trains on one object. Which records are taken depends on their lines alone, never on how they are spread over
files. A file is read twice, so that no more than a number for each line is held in memory.
"""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Iterator
from typing import BinaryIO

from lambdas.shared import s3
from pipelines.formats.check import Checker
from pipelines.formats.findings import Findings
from pipelines.formats.records import Format

Place = tuple[str, int]
MOST_LISTED = 10


def chosen_places(bucket: str, prefix: str, most: int) -> dict[str, set[int]]:
    """Choose up to `most` lines under a prefix, by the hashes of what they say; give their numbers by key."""
    taken: dict[str, set[int]] = {}
    for _, key, number in heapq.nsmallest(most, _ranked(bucket, prefix)):
        taken.setdefault(key, set()).add(number)
    return taken


def _ranked(bucket: str, prefix: str) -> Iterator[tuple[bytes, str, int]]:
    for key in s3.keys(bucket, prefix):
        for number, line in enumerate(s3.lines(bucket, key), start=1):
            yield hashlib.sha256(b"customize:" + line).digest(), key, number


def gather(bucket: str, places: dict[str, set[int]], form: Format, model: str, file: BinaryIO) -> Findings:
    """Write the chosen lines one after the other, and give what the check finds in them.

    Findings name the curated file and the line in it, which is where whoever corrects the data finds it.
    """
    found = Findings(form, model, most_listed=MOST_LISTED)
    for key in sorted(places):
        checker = Checker(form, model, key, MOST_LISTED)
        for number, line in enumerate(s3.lines(bucket, key), start=1):
            if number in places[key]:
                # The checker numbers the lines that it sees, and it does not see those that were not chosen.
                checker.findings.lines = number - 1
                checker.judge(line + b"\n")
                file.write(line + b"\n")
        checker.findings.lines = len(places[key])
        found.add(checker.findings)
    return found
