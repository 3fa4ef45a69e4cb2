"""A guardrail around a conversation: what goes to the model, and what comes from it."""

from __future__ import annotations

import copy
import time
from collections.abc import Iterator

from twin.bedrock.control import guardrails as kept
from twin.bedrock.guardrails import applying
from twin.bedrock.guardrails.assessing import Assessment, Source, assess
from twin.bedrock.tool_messages import BLOCKS
from twin.emulator.hooks import Json, Request, ServiceError


def text_holder(block: Json) -> Json:
    """What holds the text of a content block: the block, or the text inside that is marked for the guardrail."""
    holder: Json = block["guardContent"]["text"] if "guardContent" in block else block
    return holder


def texts_of(message: Json) -> list[Json]:
    """The blocks of a message that hold text: what goes to tools and comes from them is not looked at."""
    return [block for block in message["content"] if not any(kind in block for kind in BLOCKS)]


def guard_of(request: Request, parameters: Json) -> Guard | None:
    """The guard that a conversation asks for. Raises ServiceError: ValidationException for a guardrail that is not."""
    for block in _blocks(parameters):
        applying.check_qualifiers(text_holder(block))
    given = parameters.get("guardrailConfig") or {}
    identifier, version = given.get("guardrailIdentifier"), given.get("guardrailVersion")
    if bool(identifier) != bool(version):
        message = "guardrailIdentifier and guardrailVersion must be given together in guardrailConfig."
        raise ServiceError("ValidationException", message)
    if not identifier or not version:
        return None
    guardrail = kept.find(request, identifier, version)
    if guardrail is None:
        raise ServiceError("ValidationException", kept.NO_SUCH)
    return Guard(guardrail, given.get("trace") == "enabled")


class Guard:
    """A guardrail for one conversation: it remembers what it found."""

    def __init__(self, guardrail: Json, traced: bool) -> None:
        self._guardrail, self._traced = guardrail, traced
        self.intervened = False
        self._shown: Json = {}

    @property
    def blocked_input(self) -> str:
        """What is answered in the model's place."""
        return applying.message(self._guardrail, "INPUT")

    @property
    def trace(self) -> Json:
        """The trace, where it was asked for."""
        return {"guardrail": self._shown} if self._traced else {}

    def screen_input(self, request: Json) -> Json | None:
        """The request, with what is to be masked masked; None where nothing of it may pass."""
        request = copy.deepcopy(request)
        holders = [text_holder(block) for block in _assessed(request)]
        found, shown = self._assess("INPUT", [holder["text"] for holder in holders])
        self._shown["inputAssessment"] = {self._guardrail["guardrailId"]: shown}
        if found.blocked:
            return None
        for holder, text in zip(holders, found.texts, strict=True):
            holder["text"] = text
        return request

    def screen_output(self, text: str) -> str:
        """What may be answered."""
        found, shown = self._assess("OUTPUT", [text])
        self._shown["outputAssessments"] = {self._guardrail["guardrailId"]: [shown]}
        self._shown["modelOutput"] = [text]
        return applying.message(self._guardrail, "OUTPUT") if found.blocked else found.texts[0]

    def _assess(self, source: Source, texts: list[str]) -> tuple[Assessment, Json]:
        began = time.monotonic()
        found = assess(self._guardrail, source, texts)
        self.intervened = self.intervened or found.intervened
        return found, applying.shown(self._guardrail, found, texts, began)


def _assessed(request: Json) -> list[Json]:
    """What is marked for the guardrail, where anything is; or else all messages, and not the system prompt."""
    marked = [block for block in _blocks(request) if "guardContent" in block]
    return marked or [block for message in request["messages"] for block in texts_of(message)]


def _blocks(request: Json) -> Iterator[Json]:
    yield from request.get("system") or ()
    for message in request["messages"]:
        yield from texts_of(message)
