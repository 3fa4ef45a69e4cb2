"""Whether a JSON object has the form of a format, and which texts it holds.

Everything that is wrong with a record is found at once, so that a file is mended in one round. Texts come back with
their part in the record, because limits differ for prompts and answers.
"""

from collections.abc import Callable, Mapping
from typing import Any

from pipelines.formats.bedrock import SCHEMA_VERSION
from pipelines.formats.fields import Examined, Part, key_names, only_keys, take, take_list
from pipelines.formats.json_lines import json_type
from pipelines.formats.reasons import Reason
from pipelines.formats.records import Format


def examine(document: Mapping[str, Any], form: Format) -> Examined:
    """Return the texts of a record, and everything that is wrong with its form."""
    found = Examined()
    _SHAPES[form](document, found)
    return found


def _chat(document: Mapping[str, Any], found: Examined) -> None:
    take(document, "record_id", found, "")
    if "messages" not in document and "text" in document:
        found.complain(Reason.MISSING_KEY, "no messages; a text alone has nothing to answer")
        return
    if document.get("rejected") is not None:
        take(document, "rejected", found, "")  # none of the texts that are measured: the conversation is without it
    messages = take_list(document, "messages", found)
    first = messages[0] if messages else None
    if isinstance(first, dict) and first.get("role") == "system":
        take(first, "content", found, "messages[0].", Part.PROMPT)
        _conversation(messages, found, _plain_content, start=1)
    else:
        _conversation(messages, found, _plain_content)


def _messages(document: Mapping[str, Any], found: Examined) -> None:
    only_keys(document, ("system", "messages"), Reason.FORBIDDEN_KEY, found)
    if "system" in document:
        take(document, "system", found, "", Part.PROMPT)
    messages = take_list(document, "messages", found)
    for number, message in enumerate(messages):
        if isinstance(message, dict):
            only_keys(message, ("role", "content"), Reason.FORBIDDEN_KEY, found, f"messages[{number}] ")
    _conversation(messages, found, _plain_content)


def _converse(document: Mapping[str, Any], found: Examined) -> None:
    only_keys(document, ("schemaVersion", "system", "messages"), Reason.UNKNOWN_KEY, found)
    version = document.get("schemaVersion")
    if version != SCHEMA_VERSION:
        found.complain(Reason.SCHEMA_VERSION, "it is missing" if version is None else f"it is {str(version)[:80]!r}")
    if "system" in document:
        _blocks(take_list(document, "system", found), found, "system", Part.PROMPT)
    _conversation(take_list(document, "messages", found), found, _block_content)


def _prompt_completion(document: Mapping[str, Any], found: Examined) -> None:
    only_keys(document, ("prompt", "completion"), Reason.UNKNOWN_KEY, found)
    take(document, "prompt", found, "", Part.PROMPT)
    take(document, "completion", found, "", Part.ANSWER)


def _pre_training(document: Mapping[str, Any], found: Examined) -> None:
    only_keys(document, ("input",), Reason.FORBIDDEN_KEY, found)
    take(document, "input", found, "", Part.TEXT)


_SHAPES: dict[Format, Callable[[Mapping[str, Any], Examined], None]] = {
    Format.CHAT: _chat,
    Format.MESSAGES: _messages,
    Format.CONVERSATION: _converse,
    Format.PROMPT_COMPLETION: _prompt_completion,
    Format.PRE_TRAINING: _pre_training,
}

_ContentReader = Callable[[Mapping[str, Any], Examined, str, Part], None]


def _conversation(messages: list[Any], found: Examined, read_content: _ContentReader, start: int = 0) -> None:
    """Read the turns from `start` on, and see that user and assistant take turns."""
    roles: list[str] = []
    for number, message in enumerate(messages[start:], start):
        where = f"messages[{number}]"
        if not isinstance(message, dict):
            found.complain(Reason.WRONG_TYPE, f"{where} is {json_type(message)}, not an object")
            continue
        role = message.get("role")
        if role not in ("user", "assistant"):
            detail = f"{where} has no role" if role is None else f"{where}.role is {str(role)[:80]!r}"
            found.complain(Reason.MISSING_KEY if role is None else Reason.UNKNOWN_ROLE, detail)
        roles.append(str(role))
        read_content(message, found, f"{where}.", Part.ANSWER if role == "assistant" else Part.PROMPT)
    if len(roles) == len(messages) - start and set(roles) <= {"user", "assistant"}:
        _check_order(roles, start, found)


def _check_order(roles: list[str], start: int, found: Examined) -> None:
    for number, role in enumerate(roles):
        expected = ("user", "assistant")[number % 2]
        if role != expected:
            found.complain(
                Reason.ROLE_ORDER, f"messages[{start + number}] is the {role}'s, and should be the {expected}'s"
            )
            return
    if start and not roles:
        found.complain(Reason.ROLE_ORDER, "nothing follows the system message")
    if len(roles) % 2:
        found.complain(Reason.ROLE_ORDER, "the last message is the user's, and should be the assistant's")


def _plain_content(message: Mapping[str, Any], found: Examined, where: str, part: Part) -> None:
    take(message, "content", found, where, part)


def _block_content(message: Mapping[str, Any], found: Examined, where: str, part: Part) -> None:
    _blocks(take_list(message, "content", found, where), found, f"{where}content", part)


def _blocks(blocks: list[Any], found: Examined, where: str, part: Part) -> None:
    for number, block in enumerate(blocks):
        place = f"{where}[{number}]"
        if not isinstance(block, dict):
            found.complain(Reason.WRONG_TYPE, f"{place} is {json_type(block)}, not an object")
        elif others := sorted(set(block) - {"text"}):
            found.complain(Reason.NOT_TEXT, f"{place} has {key_names(others)}")
        else:
            take(block, "text", found, f"{place}.", part)
