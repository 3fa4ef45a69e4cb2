"""Converse with tools: the model answers with text, or with the call of a tool.

Where a call is demanded (`any`, `tool`), llama.cpp lets the model write nothing but one, by the schemas of the tools.
Where it is not, the server reads calls out of what the model writes, in the form of its template.
"""

from __future__ import annotations

import json
import time
import uuid
from typing import Any

from twin.bedrock import servers
from twin.bedrock.converse import STOP_REASONS, milliseconds_since, sampling_of, usage
from twin.bedrock.generation import Generated
from twin.bedrock.tool_messages import messages_of, tools_of
from twin.emulator.hooks import Json
from twin.weights.imported import LocalModel

_FINISHED = {"stop": "end_turn", "tool_calls": "tool_use", "length": "max_tokens"}


def converse_with_tools(model: LocalModel, request: Json) -> Json:
    """Answer a Converse request with a toolConfig, which has been checked. Raises ServiceError."""
    began = time.monotonic()
    choice = request["toolConfig"].get("toolChoice") or {"auto": {}}
    content, stopped, made = _freely(model, request) if "auto" in choice else _demanded(model, request, choice)
    return {
        "output": {"message": {"role": "assistant", "content": content}},
        "stopReason": stopped,
        "usage": usage(made),
        "metrics": {"latencyMs": milliseconds_since(began)},
    }


def prompt_with_tools(model: LocalModel, request: Json) -> str:
    """The conversation with its tools, as the prompt that the model's own template makes of it."""
    asked = {"messages": messages_of(request), "tools": tools_of(request)}
    return str(servers.ask(model, servers.TEMPLATE, asked)["prompt"])


def _demanded(model: LocalModel, request: Json, choice: Json) -> tuple[list[Json], str, Generated]:
    wanted = choice.get("tool", {}).get("name")
    functions = [tool["function"] for tool in tools_of(request)]
    schema = {"anyOf": [_call_schema(one) for one in functions if wanted in (None, one["name"])]}
    prompt = prompt_with_tools(model, request)
    asked = {"prompt": prompt, **sampling_of(request).as_request(), "json_schema": schema}
    made = Generated.of(servers.ask(model, "/completion", asked))
    if STOP_REASONS[made.ended] == "max_tokens":
        return [], "max_tokens", made  # the call is not whole
    call = json.loads(made.text)
    return [_use(call["name"], call["arguments"])], "tool_use", made


def _call_schema(function: Json) -> Json:
    properties = {"name": {"const": function["name"]}, "arguments": function["parameters"]}
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


def _freely(model: LocalModel, request: Json) -> tuple[list[Json], str, Generated]:
    sampling = sampling_of(request).as_request()
    asked = {
        **{key: value for key, value in sampling.items() if key not in ("n_predict", "stop")},
        "max_tokens": sampling["n_predict"],
        "messages": messages_of(request),
        "tools": tools_of(request),
    }
    answer = servers.ask(model, "/v1/chat/completions", asked)
    chosen, counted = answer["choices"][0], answer["usage"]
    said = chosen["message"]
    made = Generated(said.get("content") or "", counted["prompt_tokens"], counted["completion_tokens"], "eos")
    content = [{"text": made.text}] if made.text else []
    stopped = _FINISHED[chosen["finish_reason"]]
    for call in said.get("tool_calls") or ():
        try:
            arguments = json.loads(call["function"]["arguments"])
        except ValueError:
            return content, "malformed_tool_use", made
        content.append(_use(call["function"]["name"], arguments))
    return content, stopped, made


def _use(name: str, arguments: Any) -> Json:
    return {"toolUse": {"toolUseId": f"tooluse_{uuid.uuid4().hex[:22]}", "name": name, "input": arguments}}
