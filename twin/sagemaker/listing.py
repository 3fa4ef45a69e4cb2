"""What the List operations have in common: filters, order and pages."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable
from dataclasses import dataclass

from twin.emulator.hooks import Json
from twin.sagemaker import errors

_PAGE = 10
_HONOURED = {
    "NextToken",
    "MaxResults",
    "SortBy",
    "SortOrder",
    "NameContains",
    "StatusEquals",
    "CreationTimeAfter",
    "CreationTimeBefore",
    "LastModifiedTimeAfter",
    "LastModifiedTimeBefore",
}


@dataclass(frozen=True)
class Listing:
    """How one kind of resource is listed.

    Attributes:
        answer_key: the member of the answer that holds the summaries.
        members: the members of a record that its summary has, where the record has them.
        name_key: the member that NameContains and SortBy=Name look at.
        status_key: the member that StatusEquals and SortBy=Status look at.
        newest_first: the order where the request asks for none.
    """

    answer_key: str
    members: tuple[str, ...]
    name_key: str
    status_key: str = ""
    newest_first: bool = True

    def answer(self, records: Iterable[Json], parameters: Json) -> Json:
        """One page of the summaries that the request asks for.

        Raises ValidationException for a filter that is not supported here, or a token that no answer gave.
        """
        unknown = [name for name in parameters if name not in _HONOURED]
        if unknown:
            raise errors.validation(f"The filter {unknown[0]} is not supported here.")
        found = [record for record in records if self._admits(record, parameters)]
        sort_keys = {"Name": self.name_key, "Status": self.status_key or "CreationTime"}
        key = sort_keys.get(parameters.get("SortBy", ""), "CreationTime")
        order = parameters.get("SortOrder", "Descending" if self.newest_first else "Ascending")
        found.sort(key=lambda record: record[key], reverse=order == "Descending")
        summaries = [{name: record[name] for name in self.members if name in record} for record in found]
        return page(summaries, parameters, self.answer_key)

    def _admits(self, record: Json, parameters: Json) -> bool:
        if parameters.get("NameContains", "").lower() not in str(record[self.name_key]).lower():
            return False
        status = parameters.get("StatusEquals")
        if status and self.status_key and record[self.status_key] != status:
            return False
        return all(
            parameters.get(f"{time}After", float("-inf")) < record[time] < parameters.get(f"{time}Before", float("inf"))
            for time in ("CreationTime", "LastModifiedTime")
        )


def page(items: list[Json], parameters: Json, key: str) -> Json:
    """One page of `items` under `key`, with a NextToken where more follow.

    Raises ValidationException for a token that no answer gave.
    """
    start = _offset(parameters.get("NextToken"))
    end = start + (parameters.get("MaxResults") or _PAGE)
    more = {"NextToken": base64.b64encode(str(end).encode()).decode()} if end < len(items) else {}
    return {key: items[start:end], **more}


def _offset(token: str | None) -> int:
    if token is None:
        return 0
    try:
        return int(base64.b64decode(token, validate=True))
    except (ValueError, binascii.Error) as error:
        raise errors.validation("Invalid pagination token.") from error
