"""Bodies checked field by field: every wrong field is reported, and none is ignored."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from http import HTTPStatus

from lambdas.gateway.bodies.checking import MOST_ERRORS
from lambdas.gateway.exchange import Turn
from lambdas.gateway.problems import FieldError, Problem, member, shown

# OpenAI's newer name of the system's role is taken for the older one, as a chat does.
ROLES = ("system", "developer", "user", "assistant")


class Body:
    """One JSON object of a request, and what is wrong with it.

    Args:
        value: the object.
        known: the fields that there are.
        pointer: JSON pointer to it within the body.
    """

    def __init__(self, value: Mapping[str, object], known: Sequence[str], pointer: str = "") -> None:
        self._value, self._pointer = value, pointer
        self.errors: list[FieldError] = []
        for name in value:
            if name not in known:
                wrong = f"there is no field {shown(name)!r}; known are {', '.join(known)}"
                self.note(FieldError(member(f"#{pointer}", name), wrong))

    def wrong(self, name: str, detail: str) -> None:
        """Note what is wrong with a field, or with the object where `name` is empty."""
        self.note(FieldError(f"#{self._pointer}{'/' + name if name else ''}", detail))

    def note(self, *errors: FieldError) -> None:
        """Note what was found elsewhere, up to so many: a body of megabytes may be wrong in each of its bytes."""
        self.errors += errors[: MOST_ERRORS - len(self.errors)]

    def text(self, name: str, *, most: int, required: bool = True, blank: bool = False) -> str:
        """Give a string of at most so many characters; an empty one where it is missing or wrong."""
        value = self._value.get(name)
        if value is None and not required:
            return ""
        if self._lacks(name):
            return ""
        if not isinstance(value, str):
            self.wrong(name, f"'{name}' must be a string")
        elif not blank and not value.strip():
            self.wrong(name, f"'{name}' must not be blank")
        elif len(value) > most:
            self.wrong(name, f"'{name}' has {len(value):,} characters, and {most:,} are allowed")
        elif any("\ud800" <= character <= "\udfff" for character in value):
            self.wrong(name, f"'{name}' holds half of a surrogate pair, which is not a character")
        else:
            return value
        return ""

    def flag(self, name: str, *, default: bool | None = None) -> bool:
        """Give true or false; without a default it must be there."""
        if default is None and self._lacks(name):
            return False
        value = self._value.get(name, default)
        if not isinstance(value, bool):
            self.wrong(name, f"'{name}' must be true or false")
            return False
        return value

    def choice(self, name: str, among: Collection[str], *, required: bool = True) -> str:
        """Give one of some words; an empty text where it is missing or wrong."""
        value = self._value.get(name)
        if value is None and not required:
            return ""
        if self._lacks(name):
            return ""
        if not isinstance(value, str) or value not in among:
            self.wrong(name, f"'{name}' must be one of {', '.join(among)}")
            return ""
        return value

    def number(self, name: str, *, least: float, most: float) -> float | None:
        """Give a number within bounds, both included; None where it is missing or wrong."""
        value = self._value.get(name)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not least <= value <= most:
            self.wrong(name, f"'{name}' must be a number from {least:g} to {most:g}")
            return None
        return value

    def turns(self, name: str, *, most: int, most_characters: int) -> tuple[Turn, ...]:
        """Give the turns of a conversation: at least one, at most so many, of so many characters together."""
        if self._lacks(name):
            return ()
        value = self._value.get(name)
        if not isinstance(value, list) or not 1 <= len(value) <= most:
            self.wrong(name, f"'{name}' must be a list of 1 to {most} messages")
            return ()
        turns = tuple(self._turn(item, f"{self._pointer}/{name}/{place}") for place, item in enumerate(value))
        if (characters := sum(len(turn.content) for turn in turns)) > most_characters:
            self.wrong(name, f"'{name}' has {characters:,} characters, and {most_characters:,} are allowed")
        return turns

    def finish(self) -> None:
        """Raise a Problem with all that was found, status 400."""
        if not self.errors:
            return
        detail = f"{self.errors[0].detail[0].upper()}{self.errors[0].detail[1:]}."
        if len(self.errors) > 1:
            detail = f"{len(self.errors)} fields are wrong; see 'errors'."
        raise Problem(HTTPStatus.BAD_REQUEST, detail, errors=self.errors)

    def _lacks(self, name: str) -> bool:
        """Whether a field that must be there is not; it is noted then."""
        if name in self._value:
            return False
        self.wrong(name, f"'{name}' is missing")
        return True

    def _turn(self, item: object, pointer: str) -> Turn:
        if not isinstance(item, dict):
            self.note(FieldError(f"#{pointer}", "a message must be an object with 'role' and 'content'"))
            return Turn("", "")
        inner = Body(item, ("role", "content"), pointer)
        role = inner.choice("role", ROLES)
        turn = Turn("system" if role == "developer" else role, inner.text("content", most=10**7))
        self.note(*inner.errors)
        return turn
