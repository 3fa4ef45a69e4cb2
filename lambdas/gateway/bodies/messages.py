"""Conversations: as this API has always taken them, and as OpenAI's clients send them."""

from __future__ import annotations

from typing import Any

from lambdas.gateway.bodies.checking import Check, Schema
from lambdas.gateway.bodies.fields import Text
from lambdas.gateway.problems import member, shown
from lambdas.gateway.settings import Limits
from lambdas.shared.turns import Turn

MAX_MESSAGES = 64
MAX_CHAT_MESSAGES = 256
MAX_PARTS = 64
ROLES = ("system", "user", "assistant")
# OpenAI's newer name of the role is taken for the older one.
CHAT_ROLES = ("system", "developer", "user", "assistant")
_CONTENT = Text("content", "What was said.")


class Messages:
    """An optional system message, then user and assistant in turns; the last word is the user's."""

    name, required = "messages", False

    def read(self, value: object, pointer: str, check: Check) -> tuple[Turn, ...]:
        """Give the turns, or note what is wrong with them."""
        if not isinstance(value, list) or not 1 <= len(value) <= MAX_MESSAGES:
            check.wrong(pointer, f"'messages' must be a list of 1 to {MAX_MESSAGES} messages")
            return ()
        before = len(check.errors)
        turns = tuple(_turn(item, f"{pointer}/{place}", check) for place, item in enumerate(value))
        if len(check.errors) > before:
            return turns
        spoken = [turn.role for turn in turns[1 if turns[0].role == "system" else 0 :]]
        if spoken != ["user" if place % 2 == 0 else "assistant" for place in range(len(spoken))]:
            check.wrong(pointer, "after an optional first system message, user and assistant must take turns")
        elif not spoken or spoken[-1] != "user":
            check.wrong(pointer, "the last message must be the user's")
        return turns

    def schema(self, limits: Limits) -> Schema:
        """Give the JSON schema."""
        return _list(
            "A conversation: an optional system message, then user and assistant in turns, the user last.",
            MAX_MESSAGES,
            ROLES,
            _CONTENT.schema(limits),
        )


class ChatMessages:
    """OpenAI's messages: system and developer messages first; of one role in a row, they are taken as one."""

    name, required = "messages", True

    def read(self, value: object, pointer: str, check: Check) -> tuple[Turn, ...]:
        """Give the turns, or note what is wrong with them."""
        if not isinstance(value, list) or not 1 <= len(value) <= MAX_CHAT_MESSAGES:
            check.wrong(pointer, f"'messages' must be a list of 1 to {MAX_CHAT_MESSAGES} messages")
            return ()
        before = len(check.errors)
        turns = [_chat_turn(item, f"{pointer}/{place}", check) for place, item in enumerate(value)]
        if len(check.errors) > before:
            return ()
        merged = _merged(turns)
        spoken = [turn.role for turn in merged[1 if merged[0].role == "system" else 0 :]]
        if "system" in spoken:
            check.wrong(pointer, "system messages must come before all others")
        elif not spoken or spoken[-1] != "user":
            check.wrong(pointer, "the last message must be the user's")
        elif spoken[0] != "user":
            check.wrong(pointer, "the first message after the system's must be the user's")
        return merged

    def schema(self, limits: Limits) -> Schema:
        """Give the JSON schema."""
        text = _CONTENT.schema(limits)
        part = {
            "type": "object",
            "properties": {"type": {"const": "text"}, "text": text},
            "required": ["type", "text"],
            "additionalProperties": False,
        }
        content = {"anyOf": [text, {"type": "array", "items": part, "minItems": 1, "maxItems": MAX_PARTS}]}
        schema = _list("The conversation; the user's word is the last.", MAX_CHAT_MESSAGES, CHAT_ROLES, content)
        schema["items"]["properties"]["name"] = {"type": ["string", "null"], "maxLength": 64}
        return schema


def _turn(item: object, pointer: str, check: Check) -> Turn:
    if not isinstance(item, dict):
        check.wrong(pointer, "a message must be an object with 'role' and 'content'")
        return Turn("", "")
    check.refuse_unknown(item, pointer, ("role", "content"))
    role = _role(item, ROLES, pointer, check)
    return Turn(role, _CONTENT.read(item.get("content"), f"{pointer}/content", check))


def _chat_turn(item: object, pointer: str, check: Check) -> Turn:
    if not isinstance(item, dict):
        check.wrong(pointer, "a message must be an object with 'role' and 'content'")
        return Turn("", "")
    for name, value in item.items():
        # Clients send back what they were answered, with fields that say nothing.
        if name not in ("role", "content", "name") and value not in (None, [], {}):
            wrong = f"the field {shown(name)!r} of a message is not supported; known are role, content, name"
            check.wrong(member(pointer, name), wrong)
    role = _role(item, CHAT_ROLES, pointer, check)
    content = _content(item.get("content"), f"{pointer}/content", check)
    return Turn("system" if role == "developer" else role, content)


def _role(item: dict[str, Any], roles: tuple[str, ...], pointer: str, check: Check) -> str:
    role = item.get("role")
    if role not in roles:
        check.wrong(f"{pointer}/role", f"'role' must be one of {', '.join(roles)}")
    return str(role)


def _content(value: object, pointer: str, check: Check) -> str:
    if not isinstance(value, list):
        return _CONTENT.read(value, pointer, check)
    if not 1 <= len(value) <= MAX_PARTS:
        check.wrong(pointer, f"'content' must be a string or a list of 1 to {MAX_PARTS} parts")
        return ""
    texts = []
    for place, part in enumerate(value):
        if not isinstance(part, dict) or part.get("type") != "text":
            check.wrong(f"{pointer}/{place}", "a part must be an object of the type 'text'")
            continue
        check.refuse_unknown(part, f"{pointer}/{place}", ("type", "text"))
        texts.append(_CONTENT.read(part.get("text"), f"{pointer}/{place}/text", check))
    return "\n".join(texts)


def _merged(turns: list[Turn]) -> tuple[Turn, ...]:
    """Take messages of one role in a row for one: models want user and assistant in turns."""
    merged: list[Turn] = []
    for turn in turns:
        if merged and merged[-1].role == turn.role:
            merged[-1] = Turn(turn.role, f"{merged[-1].content}\n\n{turn.content}")
        else:
            merged.append(turn)
    return tuple(merged)


def _list(about: str, most: int, roles: tuple[str, ...], content: Schema) -> Schema:
    message = {
        "type": "object",
        "properties": {"role": {"type": "string", "enum": list(roles)}, "content": content},
        "required": ["role", "content"],
        "additionalProperties": False,
    }
    return {"type": "array", "description": about, "items": message, "minItems": 1, "maxItems": most}
