"""The record of what a destruction leaves on purpose.

Only a stack's template tells what it retains. A destruction that is interrupted, or repeated, finds some templates
gone already, and must list what they retained all the same. A new run, on an empty account, begins without a record.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

_FILE = "kept.json"
_WHY = {
    "AWS::SageMaker::ModelPackageGroup": "the registry of models, whose history outlives the stacks",
    "AWS::ApiGateway::Account": "the account's one setting for the logs of all its APIs",
    "AWS::IAM::Role": "the role under which API Gateway writes the logs of all its APIs",
}


@dataclass(frozen=True)
class Resource:
    """A resource of a stack: its type, its physical id, and what its template says of its end."""

    stack: str
    type: str
    id: str
    retained: bool

    @property
    def stays(self) -> bool:
        """Whether it is there after its stack: retained, or a key, which waits for days before it goes."""
        return self.retained or self.type == "AWS::KMS::Key"

    @property
    def why(self) -> str:
        """Why it is retained, in a few words."""
        return _WHY.get(self.type, "its template says so")


def remember(folder: Path, staying: list[Resource]) -> list[Resource]:
    """Add resources to the record in `folder` and return all that it holds, in the order of their coming."""
    file = folder / _FILE
    before = [Resource(**one) for one in json.loads(file.read_text())] if file.exists() else []
    all_of_them = list(dict.fromkeys([*before, *staying]))
    partial = file.with_suffix(".partial")
    partial.write_text(json.dumps([asdict(one) for one in all_of_them]))
    partial.replace(file)
    return all_of_them


def was_destroyed(folder: Path) -> bool:
    """Whether a destruction has begun in `folder`: from then on it has a record, if an empty one."""
    return (folder / _FILE).exists()
