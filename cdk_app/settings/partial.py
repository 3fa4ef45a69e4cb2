"""Builds settings out of a file with invalid values, so that rules can be checked on what is valid."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeVar, get_args

from pydantic_core import ErrorDetails

from cdk_app.settings.document import KeyPath
from cdk_app.settings.model import Settings
from cdk_app.settings.rules import Subject
from cdk_app.settings.section import Section

AnySection = TypeVar("AnySection", bound=Section)


def partial_subject(plain: dict[str, Any], errors: Iterable[ErrorDetails]) -> Subject:
    """Return what can be examined of `plain`, of which pydantic reported `errors`.

    Nothing is validated again: values are strict, so what pydantic did not complain about is what it would
    have stored.
    """
    invalid = frozenset(tuple(error["loc"]) for error in errors if error["type"] != "extra_forbidden")
    return Subject(_assemble(Settings, plain, (), invalid), invalid)


def _assemble(
    section: type[AnySection], plain: dict[str, Any], path: KeyPath, invalid: frozenset[KeyPath]
) -> AnySection:
    values = {}
    for name, field in section.model_fields.items():
        here = (*path, name)
        if name not in plain or here in invalid:
            continue
        values[name] = _value(field.annotation, plain[name], here, invalid)
    return section.model_construct(**values)


def _value(annotation: Any, value: Any, path: KeyPath, invalid: frozenset[KeyPath]) -> Any:
    for kind in (annotation, *get_args(annotation)):  # a section, or one that may be left out
        if isinstance(kind, type) and issubclass(kind, Section) and isinstance(value, dict):
            return _assemble(kind, value, path, invalid)
    if isinstance(value, list):
        item = get_args(annotation)[0]
        return tuple(_item(item, element, (*path, index), invalid) for index, element in enumerate(value))
    return value


def _item(annotation: Any, element: Any, path: KeyPath, invalid: frozenset[KeyPath]) -> Any:
    """An item that is not even a section stays what it is; rules pass over it."""
    return element if path in invalid else _value(annotation, element, path, invalid)
