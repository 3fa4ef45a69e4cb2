"""Bodies of the two POST routes, checked field by field: every wrong field is reported, none is ignored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus

from lambdas.gateway.problems import FieldError, Problem
from lambdas.shared.prompts import Turn

MAX_MESSAGES = 64
ROLES = ("system", "user", "assistant")


@dataclass(frozen=True)
class Limits:
    """What one request may ask for."""

    max_input_characters: int
    max_output_tokens: int


@dataclass(frozen=True)
class Sampling:
    """How the model is to write; `temperature` is None where the caller gave none."""

    max_tokens: int
    temperature: float | None


@dataclass(frozen=True)
class SummarizeRequest:
    """``POST /v1/summarize``: ``{"text", "max_tokens"?, "temperature"?}``."""

    text: str
    sampling: Sampling


@dataclass(frozen=True)
class GenerateRequest:
    """``POST /v1/generate``: ``{"prompt" | "messages", "max_tokens"?, "temperature"?}``."""

    turns: tuple[Turn, ...]
    sampling: Sampling


def summarize_request(body: Mapping[str, object], limits: Limits) -> SummarizeRequest:
    """Check the body of a summarize request.

    Raises:
        Problem: 400 with every wrong field; 413 when the text is too long and nothing else is wrong.
    """
    check = _Check(body, limits, known=("text", "max_tokens", "temperature"))
    text = check.text("text", "/text", body.get("text"))
    sampling = check.sampling()
    check.finish(len(text))
    return SummarizeRequest(text, sampling)


def generate_request(body: Mapping[str, object], limits: Limits) -> GenerateRequest:
    """Check the body of a generate request.

    Raises:
        Problem: as `summarize_request`.
    """
    check = _Check(body, limits, known=("prompt", "messages", "max_tokens", "temperature"))
    turns: tuple[Turn, ...] = ()
    if ("prompt" in body) == ("messages" in body):
        check.wrong("", "give either 'prompt' or 'messages'")
    elif "prompt" in body:
        turns = (Turn("user", check.text("prompt", "/prompt", body["prompt"])),)
    else:
        turns = check.messages(body["messages"])
    sampling = check.sampling()
    check.finish(sum(len(turn.content) for turn in turns))
    return GenerateRequest(turns, sampling)


class _Check:
    """Collects what is wrong with one body."""

    def __init__(self, body: Mapping[str, object], limits: Limits, known: tuple[str, ...]) -> None:
        self._body = body
        self._limits = limits
        self._errors: list[FieldError] = []
        self._refuse_unknown(body, "", known)

    def wrong(self, pointer: str, detail: str) -> None:
        self._errors.append(FieldError(f"#{pointer}", detail))

    def text(self, name: str, pointer: str, value: object) -> str:
        if not isinstance(value, str):
            self.wrong(pointer, f"'{name}' must be a string")
        elif not value.strip():
            self.wrong(pointer, f"'{name}' must not be blank")
        elif _has_lone_surrogate(value):
            self.wrong(pointer, f"'{name}' holds half of a surrogate pair, which is not a character")
        else:
            return value
        return ""

    def messages(self, value: object) -> tuple[Turn, ...]:
        if not isinstance(value, list) or not 1 <= len(value) <= MAX_MESSAGES:
            self.wrong("/messages", f"'messages' must be a list of 1 to {MAX_MESSAGES} messages")
            return ()
        turns = tuple(self._turn(item, f"/messages/{index}") for index, item in enumerate(value))
        spoken = [turn.role for turn in turns[1 if turns[0].role == "system" else 0 :]]
        if not self._errors and spoken != ["user" if i % 2 == 0 else "assistant" for i in range(len(spoken))]:
            self.wrong("/messages", "after an optional first system message, user and assistant must take turns")
        if not self._errors and (not spoken or spoken[-1] != "user"):
            self.wrong("/messages", "the last message must be the user's")
        return turns

    def sampling(self) -> Sampling:
        most = self._limits.max_output_tokens
        max_tokens = self._body.get("max_tokens", most)
        if not isinstance(max_tokens, int) or isinstance(max_tokens, bool) or not 1 <= max_tokens <= most:
            self.wrong("/max_tokens", f"'max_tokens' must be a whole number from 1 to {most}")
            max_tokens = most
        if "temperature" not in self._body:
            return Sampling(max_tokens, None)
        temperature = self._body["temperature"]
        if isinstance(temperature, bool) or not isinstance(temperature, (int, float)) or not 0 <= temperature <= 1:
            self.wrong("/temperature", "'temperature' must be a number from 0 to 1")
            temperature = 0
        return Sampling(max_tokens, float(temperature))

    def finish(self, characters: int) -> None:
        """Raise what was found."""
        if self._errors:
            detail = f"{self._errors[0].detail[0].upper()}{self._errors[0].detail[1:]}."
            if len(self._errors) > 1:
                detail = f"{len(self._errors)} fields are wrong; see 'errors'."
            raise Problem(HTTPStatus.BAD_REQUEST, detail, errors=self._errors)
        if characters > self._limits.max_input_characters:
            raise Problem(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
                f"The input has {characters:,} characters and {self._limits.max_input_characters:,} are allowed.",
            )

    def _turn(self, item: object, pointer: str) -> Turn:
        if not isinstance(item, dict):
            self.wrong(pointer, "a message must be an object with 'role' and 'content'")
            return Turn("", "")
        self._refuse_unknown(item, pointer, ("role", "content"))
        role = item.get("role")
        if role not in ROLES:
            self.wrong(f"{pointer}/role", f"'role' must be one of {', '.join(ROLES)}")
        return Turn(str(role), self.text("content", f"{pointer}/content", item.get("content")))

    def _refuse_unknown(self, item: Mapping[str, object], pointer: str, known: tuple[str, ...]) -> None:
        for name in item:
            if name not in known:
                shown = name if len(name) <= 40 else f"{name[:37]}..."
                self.wrong(pointer, f"there is no field {shown!r}; known are {', '.join(known)}")


def _has_lone_surrogate(text: str) -> bool:
    return any("\ud800" <= character <= "\udfff" for character in text)
