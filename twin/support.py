"""What of a request is honoured here. All of the rest is refused by name: nothing is accepted to be ignored.

A table says, for each member of a request, what is honoured of it:

    {"TrainingJobName": ANY,                                   # whatever it is
     "EnableManagedSpotTraining": frozenset({False}),          # these values only
     "InputDataConfig": {"ChannelName": ANY, "InputMode": frozenset({"File"})}}   # these members, of each element
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from enum import Enum
from typing import Any


class _Any(Enum):
    ANY = "any"


ANY = _Any.ANY
Honoured = Any  # ANY, a frozenset of values, or a mapping from members to Honoured


def _never(_value: Any) -> bool:
    return False


def unsupported(
    honoured: Honoured, value: Any, path: str = "", is_open: Callable[[Any], bool] = _never
) -> Iterator[str]:
    """A sentence for each member or value that is not honoured; `is_open` as in `constraints.violations`."""
    if honoured is ANY or value is None or is_open(value):
        return
    if isinstance(honoured, frozenset):
        if value not in honoured:
            choices = ", ".join(str(choice) for choice in sorted(honoured, key=str))
            yield f"The value {value!r} of {path} is not supported here (supported: {choices})."
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from unsupported(honoured, inner, f"{path}[{number}]", is_open)
    else:
        for name, inner in value.items():
            inner_path = f"{path}.{name}" if path else name
            if inner is None:
                continue
            if name not in honoured:
                yield f"The property {inner_path} is not supported here."
            else:
                yield from unsupported(honoured[name], inner, inner_path, is_open)
