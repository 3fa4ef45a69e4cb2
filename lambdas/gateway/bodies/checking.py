"""What a field of a body is, and how a body is checked: every wrong field is reported, none is ignored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Protocol

from lambdas.gateway.problems import FieldError, Problem, member, shown
from lambdas.gateway.settings import Limits

Schema = dict[str, Any]
MOST_ERRORS = 50


class Check:
    """Collects what is wrong with one body, and how many characters of text it holds."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.characters = 0
        self.errors: list[FieldError] = []
        self._malformed = False

    def wrong(self, pointer: str, detail: str) -> None:
        """Note a wrong field."""
        self._malformed = True
        self.too_long(pointer, detail)

    def too_long(self, pointer: str, detail: str) -> None:
        """Note a text for a model that is longer than it may be, which is all that is wrong with it."""
        if len(self.errors) < MOST_ERRORS:
            self.errors.append(FieldError(f"#{pointer}", detail))

    def refuse_unknown(self, item: Mapping[str, object], pointer: str, known: Sequence[str]) -> None:
        """Note each field that there is not."""
        for name in item:
            if name not in known:
                self.wrong(member(pointer, name), f"there is no field {shown(name)!r}; known are {', '.join(known)}")

    def finish(self) -> None:
        """Raise what was found.

        Raises:
            Problem: 400 with every wrong field; 413 when texts are too long and nothing else is wrong.
        """
        if self.errors:
            detail = f"{self.errors[0].detail[0].upper()}{self.errors[0].detail[1:]}."
            if len(self.errors) > 1:
                detail = f"{len(self.errors)} fields are wrong; see 'errors'."
            status = HTTPStatus.BAD_REQUEST if self._malformed else HTTPStatus.REQUEST_ENTITY_TOO_LARGE
            raise Problem(status, detail, errors=self.errors)
        most = self.limits.max_input_characters
        if self.characters > most:
            raise Problem(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
                f"The input has {self.characters:,} characters and {most:,} are allowed.",
            )


class Field(Protocol):
    """One field of a body."""

    @property
    def name(self) -> str:
        """What the body calls it."""
        ...

    @property
    def required(self) -> bool:
        """Whether a body without it is refused."""
        ...

    def read(self, value: object, pointer: str, check: Check) -> Any:
        """Give the value, or note what is wrong with it and give something of its type."""
        ...

    def schema(self, limits: Limits) -> Schema:
        """Give the JSON schema of what `read` accepts."""
        ...


class Body:
    """The fields that a body may have.

    Args:
        name: of its schema.
        fields: in the order that they are checked in.
    """

    def __init__(self, name: str, *fields: Field) -> None:
        self.name = name
        self.fields = fields
        self._names = tuple(field.name for field in fields)

    def read(self, body: Mapping[str, object], check: Check, pointer: str = "") -> dict[str, Any]:
        """Give what is there, by name; `check` learns what is wrong."""
        check.refuse_unknown(body, pointer, self._names)
        values: dict[str, Any] = {}
        for field in self.fields:
            if field.name in body:
                values[field.name] = field.read(body[field.name], f"{pointer}/{field.name}", check)
            elif field.required:
                choices = field.schema(check.limits).get("enum")
                allowed = f"; it must be one of {', '.join(choices)}" if choices else ""
                check.wrong(f"{pointer}/{field.name}", f"'{field.name}' is missing{allowed}")
        return values

    def schema(self, limits: Limits) -> Schema:
        """Give the JSON schema."""
        required = [field.name for field in self.fields if field.required]
        return {
            "type": "object",
            "additionalProperties": False,
            "properties": {field.name: field.schema(limits) for field in self.fields},
            **({"required": required} if required else {}),
        }
