"""The kinds of fields: texts, numbers, flags, choices, lists and objects."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

from lambdas.gateway.bodies.checking import Body, Check, Field, Schema
from lambdas.gateway.settings import Limits

Bound = float | Callable[[Limits], int]
NOT_BLANK = r"\S"


class Text:
    """A string that is not blank; its characters count towards the input's length.

    Args:
        most: most characters of the field itself; None leaves it to the input's length.
        blank: whether it may be blank after all, though not empty.
        counts: whether it is input for a model.
    """

    def __init__(
        self,
        name: str,
        about: str,
        *,
        required: bool = True,
        most: int | None = None,
        blank: bool = False,
        counts: bool = True,
    ) -> None:
        self.name, self.about, self.required = name, about, required
        self._most, self._blank, self._counts = most, blank, counts

    def read(self, value: object, pointer: str, check: Check) -> str:
        """Give the text, or note what is wrong with it."""
        if not isinstance(value, str):
            check.wrong(pointer, f"'{self.name}' must be a string")
        elif not (value if self._blank else value.strip()):
            check.wrong(pointer, f"'{self.name}' must not be {'empty' if self._blank else 'blank'}")
        elif has_lone_surrogate(value):
            check.wrong(pointer, f"'{self.name}' holds half of a surrogate pair, which is not a character")
        elif self._most is not None and len(value) > self._most:
            note = check.too_long if self._counts else check.wrong
            note(pointer, f"'{self.name}' has {len(value):,} characters, {self._most:,} at most")
        else:
            check.characters += len(value) if self._counts else 0
            return value
        return ""

    def schema(self, limits: Limits) -> Schema:
        """Give the JSON schema."""
        most = self._most if self._most is not None else limits.max_input_characters
        blank = {} if self._blank else {"pattern": NOT_BLANK}
        return {"type": "string", "description": self.about, "minLength": 1, "maxLength": most, **blank}


class Number:
    """A number within bounds.

    Args:
        above: whether the lower bound is excluded.
        clamped: whether a number beyond the upper bound counts as that bound, and is not refused.
    """

    def __init__(
        self,
        name: str,
        about: str,
        *,
        least: float,
        most: Bound,
        whole: bool = False,
        above: bool = False,
        nullable: bool = False,
        clamped: bool = False,
    ) -> None:
        self.name, self.about, self.required = name, about, False
        self._least, self._most, self._whole, self._above, self._nullable = least, most, whole, above, nullable
        self._clamped = clamped

    def read(self, value: object, pointer: str, check: Check) -> float | None:
        """Give the number, or note that it is none within the bounds."""
        if value is None and self._nullable:
            return None
        most = self._upper(check.limits)
        fits = isinstance(value, int) if self._whole else isinstance(value, (int, float))
        if fits and not isinstance(value, bool):
            assert isinstance(value, (int, float))
            if self._clamped:
                value = min(value, most)
            if self._least <= value <= most and not (self._above and value == self._least):
                return value if self._whole else float(value)
        kind = "a whole number" if self._whole else "a number"
        lower = f"above {self._least:g}, to" if self._above else f"from {self._least:g} to"
        if self._clamped:
            wrong = f"'{self.name}' must be {kind} from {self._least:g} up"
        else:
            wrong = f"'{self.name}' must be {kind} {lower} {most:g}" if most < 1e6 else self._large(kind)
        check.wrong(pointer, wrong)
        return self._least

    def schema(self, limits: Limits) -> Schema:
        """Give the JSON schema."""
        kind = "integer" if self._whole else "number"
        lower = "exclusiveMinimum" if self._above else "minimum"
        return {
            "type": [kind, "null"] if self._nullable else kind,
            "description": self.about,
            lower: self._least,
            **({} if self._clamped else {"maximum": self._upper(limits)}),
        }

    def _upper(self, limits: Limits) -> float:
        return self._most(limits) if callable(self._most) else self._most

    def _large(self, kind: str) -> str:
        return f"'{self.name}' must be {kind} within 64 bits"


class Flag:
    """True or false."""

    required = False

    def __init__(self, name: str, about: str, *, required: bool = False, nullable: bool = False) -> None:
        self.name, self.about, self.required = name, about, required
        self._nullable = nullable

    def read(self, value: object, pointer: str, check: Check) -> bool:
        """Give the flag, or note that it is none."""
        if not isinstance(value, bool) and not (self._nullable and value is None):
            check.wrong(pointer, f"'{self.name}' must be true or false")
        return value is True

    def schema(self, limits: Limits) -> Schema:  # noqa: ARG002
        """Give the JSON schema."""
        return {"type": ["boolean", "null"] if self._nullable else "boolean", "description": self.about}


class Only:
    """A field of another API that may say what happens here anyway, and nothing else.

    Args:
        values: those that change nothing.
    """

    required = False

    def __init__(self, name: str, *values: object) -> None:
        self.name = name
        self._values = values

    def read(self, value: object, pointer: str, check: Check) -> None:
        """Note a value that asks for what is not supported."""
        if not any(value == allowed and type(value) is type(allowed) for allowed in self._values):
            check.wrong(pointer, f"'{self.name}' can only be {self._told()} here; leave it out")

    def schema(self, limits: Limits) -> Schema:  # noqa: ARG002
        """Give the JSON schema."""
        return {"enum": list(self._values), "description": "Accepted for clients that send it; nothing else is done."}

    def _told(self) -> str:
        """Give the values as JSON has them; 0 and 0.0 are one there."""
        whole = [int(one) if isinstance(one, float) and one.is_integer() else one for one in self._values]
        *others, last = dict.fromkeys(json.dumps(value) for value in whole)
        return f"{', '.join(others)} or {last}" if others else last


class Choice:
    """One of some texts."""

    def __init__(self, name: str, about: str, values: Sequence[str], *, required: bool = False) -> None:
        self.name, self.about, self.required = name, about, required
        self._values = tuple(values)

    def read(self, value: object, pointer: str, check: Check) -> str:
        """Give the text, or note that it is none of these."""
        if not isinstance(value, str) or value not in self._values:
            check.wrong(pointer, f"'{self.name}' must be one of {', '.join(self._values)}")
            return self._values[0]
        return value

    def schema(self, limits: Limits) -> Schema:  # noqa: ARG002
        """Give the JSON schema."""
        return {"type": "string", "enum": list(self._values), "description": self.about}


class Texts:
    """A list of texts; where `single`, one text alone stands for a list of it."""

    def __init__(
        self,
        name: str,
        about: str,
        *,
        most: int,
        required: bool = False,
        least: int = 1,
        longest: int | None = None,
        single: bool = False,
        nullable: bool = False,
        counts: bool = False,
        blank: bool = False,
    ) -> None:
        self.name, self.about, self.required = name, about, required
        self._least, self._most, self._single, self._nullable = least, most, single, nullable
        self._text = Text(name, about, most=longest, counts=counts, blank=blank)

    def read(self, value: object, pointer: str, check: Check) -> tuple[str, ...]:
        """Give the texts, or note what is wrong with them."""
        if value is None and self._nullable:
            return ()
        if self._single and isinstance(value, str):
            return (self._text.read(value, pointer, check),)
        if not isinstance(value, list) or not self._least <= len(value) <= self._most:
            alone = "a string or " if self._single else ""
            check.wrong(pointer, f"'{self.name}' must be {alone}a list of {self._least} to {self._most} strings")
            return ()
        return tuple(self._text.read(item, f"{pointer}/{place}", check) for place, item in enumerate(value))

    def schema(self, limits: Limits) -> Schema:
        """Give the JSON schema."""
        text = {name: value for name, value in self._text.schema(limits).items() if name != "description"}
        several: Schema = {"type": "array", "items": text, "minItems": self._least, "maxItems": self._most}
        kinds = [several, *([text] if self._single else []), *([{"type": "null"}] if self._nullable else [])]
        return {"description": self.about, **(several if len(kinds) == 1 else {"anyOf": kinds})}


class Nested:
    """An object with fields of its own."""

    def __init__(self, name: str, about: str, body: Body, *, required: bool = False, nullable: bool = False) -> None:
        self.name, self.about, self.required = name, about, required
        self._body, self._nullable = body, nullable

    def read(self, value: object, pointer: str, check: Check) -> dict[str, Any]:
        """Give the object's fields, or note what is wrong with them."""
        if value is None and self._nullable:
            return {}
        if not isinstance(value, dict):
            check.wrong(pointer, f"'{self.name}' must be an object")
            return {}
        return self._body.read(value, check, pointer)

    def schema(self, limits: Limits) -> Schema:
        """Give the JSON schema."""
        schema = {**self._body.schema(limits), "description": self.about}
        return {**schema, "type": ["object", "null"]} if self._nullable else schema


def has_lone_surrogate(text: str) -> bool:
    """Whether a text holds what JSON can escape and UTF-8 cannot write."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False


__all__ = ["Choice", "Field", "Flag", "Nested", "Number", "Only", "Text", "Texts", "has_lone_surrogate"]
