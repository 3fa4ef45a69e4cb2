"""Step Functions' spelling of API members, which is that of the AWS SDK for Java.

Every member starts with a capital letter, and an acronym counts as a word: an API's `kmsKeyId` and
`KMSKeyId` are both `KmsKeyId` in a state machine.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StructureShape

# A run of capitals, without the one that starts the next word.
_ACRONYM = re.compile(r"[A-Z]{2,}(?![a-z])|[A-Z]{2,}(?=[A-Z][a-z])")


class UnknownMemberError(Exception):
    """A parameter that the API does not have."""


def in_states(member: str) -> str:
    """The spelling of an API's member in a state machine: `DBInstanceARN` is `DbInstanceArn`."""
    capital = member[0].upper() + member[1:]
    return _ACRONYM.sub(lambda run: run[0].capitalize(), capital)


def to_api(value: Any, shape: Shape, where: str = "") -> Any:
    """Parameters from a state machine in the API's own spelling.

    Raises UnknownMemberError that names a parameter which the API does not have, and where it stands.
    """
    if isinstance(shape, StructureShape) and isinstance(value, dict):
        return _structure_to_api(value, shape, where)
    if isinstance(shape, ListShape) and isinstance(value, list):
        return [to_api(item, shape.member, f"{where}[{index}]") for index, item in enumerate(value)]
    if isinstance(shape, MapShape) and isinstance(value, dict):
        return {key: to_api(item, shape.value, f"{where}.{key}") for key, item in value.items()}
    if shape.type_name == "blob" and not isinstance(value, bytes):
        return (value if isinstance(value, str) else json.dumps(value)).encode()
    return value


def _structure_to_api(value: dict[str, Any], shape: StructureShape, where: str) -> dict[str, Any]:
    spelled = {in_states(member): member for member in shape.members}
    result = {}
    for key, item in value.items():
        if key not in spelled:
            known = ", ".join(sorted(spelled))
            raise UnknownMemberError(f"The field '{key}'{where and f' in {where}'} is not one of: {known}")
        member = spelled[key]
        result[member] = to_api(item, shape.members[member], f"{where}.{key}".lstrip("."))
    return result


def to_states(value: Any, shape: Shape) -> Any:
    """An API's answer as a state machine sees it: its spelling, dates as ISO 8601, JSON bodies parsed."""
    if isinstance(shape, StructureShape) and isinstance(value, dict):
        members = shape.members
        return {in_states(k): to_states(v, members[k]) for k, v in value.items() if k in members}
    if isinstance(shape, ListShape):
        return [to_states(item, shape.member) for item in value]
    if isinstance(shape, MapShape):
        return {key: to_states(item, shape.value) for key, item in value.items()}
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if shape.type_name == "blob":
        return _body(value.read() if hasattr(value, "read") else value)
    return value


def _body(content: bytes) -> Any:
    text = content.decode()
    try:
        return json.loads(text)
    except ValueError:
        return text
