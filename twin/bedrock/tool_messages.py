"""Tools in a conversation: whether the model can use them, and the conversation in the words of its chat template."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from twin.bedrock import servers
from twin.emulator.hooks import Json, ServiceError
from twin.weights.imported import LocalModel

BLOCKS = ("toolUse", "toolResult")


def check_tools(model: LocalModel, request: Json, operation: str) -> None:
    """Raise ValidationException for tools that the model cannot use, or not in this way."""
    used = any(kind in block for message in request["messages"] for block in message["content"] for kind in BLOCKS)
    if "toolConfig" not in request:
        if used:
            raise _invalid("The toolConfig field must be defined when using toolUse and toolResult content blocks.")
        return
    if not servers.properties(model).get("chat_template_caps", {}).get("supports_tools"):
        raise _invalid("This model doesn't support tool use.")
    if operation == "ConverseStream":
        raise _invalid("This model doesn't support tool use in streaming mode.")
    for name, given in (
        ("guardrailConfig", request.get("guardrailConfig")),
        ("inferenceConfig.stopSequences", (request.get("inferenceConfig") or {}).get("stopSequences")),
    ):
        if given:
            raise _invalid(f"The property {name} is not supported here together with toolConfig.")
    if any("guardContent" in block for block in _blocks(request)):
        raise _invalid("The block guardContent is not supported here together with toolConfig.")
    chosen = request["toolConfig"].get("toolChoice", {}).get("tool", {}).get("name")
    if chosen and chosen not in [tool["function"]["name"] for tool in tools_of(request)]:
        raise _invalid(f"The tool {chosen} of toolChoice is not among the tools.")


def _blocks(request: Json) -> Iterator[Json]:
    yield from request.get("system") or ()
    for message in request["messages"]:
        yield from message["content"]


def tools_of(request: Json) -> list[Json]:
    """The tools as chat templates take them."""
    return [
        {
            "type": "function",
            "function": {
                "name": tool["toolSpec"]["name"],
                "description": tool["toolSpec"].get("description", ""),
                "parameters": tool["toolSpec"]["inputSchema"]["json"],
            },
        }
        for tool in request["toolConfig"]["tools"]
    ]


def messages_of(request: Json) -> list[Json]:
    """The conversation as chat templates take it."""
    system = "\n".join(block["text"] for block in request.get("system") or ())
    turns = [turn for message in request["messages"] for turn in _turns(message)]
    return [{"role": "system", "content": system}, *turns] if system else turns


def _turns(message: Json) -> Iterator[Json]:
    """A result of a tool is a turn of its own there."""
    content = message["content"]
    for block in content:
        if "toolResult" in block:
            result = block["toolResult"]
            yield {"role": "tool", "tool_call_id": result["toolUseId"], "content": _result(result)}
    text = "".join(block["text"] for block in content if "text" in block)
    calls = [_call(block["toolUse"]) for block in content if "toolUse" in block]
    if text or calls:
        yield {"role": message["role"], "content": text, **({"tool_calls": calls} if calls else {})}


def _call(use: Json) -> Json:
    function = {"name": use["name"], "arguments": json.dumps(use["input"])}
    return {"id": use["toolUseId"], "type": "function", "function": function}


def _result(result: Json) -> str:
    parts: list[Any] = [part["text"] if "text" in part else json.dumps(part["json"]) for part in result["content"]]
    return ("Error: " if result.get("status") == "error" else "") + "\n".join(parts)


def _invalid(message: str) -> ServiceError:
    return ServiceError("ValidationException", message)
