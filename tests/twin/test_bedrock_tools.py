"""Tools in a conversation, by a model whose chat template knows them; another one's refusal."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.twin.conversations import IMPORTED, TEXT, converse, refusal
from tests.twin.scripted_model import ScriptedModel
from twin.emulator import Emulator
from twin.model_server import ModelServer, served_model
from twin.weights.packages import smollm2_gguf

Json = dict[str, Any]
TOOLED, SCRIPTED = f"{IMPORTED}/tooled000001", f"{IMPORTED}/scripted0001"
# What SmolLM2's own template lacks: the tools, their calls and their results.
TEMPLATE = """\
{%- if tools %}{{- '<|im_start|>system\\nTools:' }}{%- for tool in tools %}{{- '\\n' + (tool | tojson) }}{%- endfor %}
{{- '<|im_end|>\\n' }}{%- endif %}
{%- for message in messages %}{{- '<|im_start|>' + message.role + '\\n' + (message.content or '') }}
{%- for call in message.tool_calls or [] %}
{{- '\\n<tool_call>\\n{"name": "' + call.function.name + '", "arguments": ' }}
{{- call.function.arguments if call.function.arguments is string else (call.function.arguments | tojson) }}
{{- '}\\n</tool_call>' }}{%- endfor %}{{- '<|im_end|>\\n' }}{%- endfor %}
{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n' }}{%- endif %}
"""


def schema(**choices: list[str]) -> Json:
    """That of arguments which are each one of a few texts, without further ones."""
    properties = {name: {"enum": texts} for name, texts in choices.items()}
    given = {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}
    return {"json": given}


WEATHER: Json = {
    "name": "get_weather",
    "description": "The weather of a city",
    "inputSchema": schema(city=["Paris", "Rome"]),
}
TIME: Json = {
    "name": "get_time",
    "inputSchema": schema(zone=["UTC", "CET"]),
}
USE: Json = {"toolUseId": "use-1", "name": "get_weather", "input": {"city": "Paris"}}


def _by_id(servers: dict[str, str]) -> dict[str, str]:
    return {arn.rpartition("/")[2]: url for arn, url in servers.items()}


@pytest.fixture(scope="module")
def scripted() -> ScriptedModel:
    """A model that calls a tool without having been told to; SmolLM2 never does."""
    return ScriptedModel()


@pytest.fixture(scope="module")
def emulator(scripted: ScriptedModel, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    folder = tmp_path_factory.mktemp("tools")
    template = folder / "template.jinja"
    template.write_text(TEMPLATE)
    flags = [*served_model(smollm2_gguf(), 1024), "--chat-template", template.read_text()]
    with (
        ModelServer(flags, Path(folder) / "server.log") as server,
        scripted,
        Emulator(folder / "emulator", model_servers=_by_id({TOOLED: server.url, SCRIPTED: scripted.url})) as running,
    ):
        yield running


@pytest.fixture(scope="module")
def bedrock(emulator: Emulator) -> Any:
    return emulator.client("bedrock-runtime")


def tools(*specifications: Json, **choice: Any) -> Json:
    """A toolConfig of these tools."""
    listed = [{"toolSpec": one} for one in specifications]
    return {"modelId": TOOLED, "toolConfig": {"tools": listed, **({"toolChoice": choice} if choice else {})}}


def result(text: str, **settings: Any) -> Json:
    return {"toolResult": {"toolUseId": "use-1", "content": [{"text": text}], **settings}}


def conversation(*answer: Json) -> list[Json]:
    """A question, the call of a tool and what it gave."""
    return [
        {"role": "user", "content": [{"text": "What is the weather in Paris?"}]},
        {"role": "assistant", "content": [{"toolUse": USE}]},
        {"role": "user", "content": list(answer)},
    ]


def test_a_demanded_call_names_a_tool_and_keeps_to_its_schema(bedrock: Any) -> None:
    answer = converse(
        bedrock, "What is the weather in Paris?", **tools(WEATHER, any={}), inferenceConfig={"maxTokens": 60}
    )
    assert answer["stopReason"] == "tool_use"
    (block,) = answer["output"]["message"]["content"]
    assert block["toolUse"]["name"] == "get_weather"
    assert block["toolUse"]["input"]["city"] in ("Paris", "Rome")
    assert block["toolUse"]["toolUseId"]


def test_a_call_of_one_tool_can_be_demanded(bedrock: Any) -> None:
    asked = tools(WEATHER, TIME, tool={"name": "get_time"})
    answer = converse(bedrock, "What is the weather?", **asked, inferenceConfig={"maxTokens": 60})
    assert answer["output"]["message"]["content"][0]["toolUse"]["name"] == "get_time"


def test_a_call_that_is_cut_off_is_none(bedrock: Any) -> None:
    answer = converse(bedrock, "What is the weather?", **tools(WEATHER, any={}), inferenceConfig={"maxTokens": 3})
    assert (answer["stopReason"], answer["output"]["message"]["content"]) == ("max_tokens", [])


def test_the_model_reads_the_tools_the_call_and_its_result(bedrock: Any) -> None:
    def read(messages: list[Json], *specifications: Json) -> int:
        settings: Json = {"inferenceConfig": {"maxTokens": 1}}
        usage = converse(bedrock, messages=messages, **tools(*specifications), **settings)["usage"]
        given = {key: value for key, value in tools(*specifications).items() if key == "toolConfig"}
        counted = bedrock.count_tokens(modelId=TOOLED, input={"converse": {"messages": messages, **given}})
        assert counted["inputTokens"] == usage["inputTokens"]
        return int(usage["inputTokens"])

    one = read(conversation(result("mild")), WEATHER)
    assert read(conversation(result("mild" + " mild" * 8)), WEATHER) == one + 8
    assert read(conversation(result("mild", status="error")), WEATHER) > one
    assert read(conversation(result("mild")), WEATHER, TIME) > one
    assert read(conversation(result("mild"), {"text": "And now?"}), WEATHER) > one


def test_a_model_that_needs_not_call_answers_with_text(bedrock: Any) -> None:
    settings: Json = {"inferenceConfig": {"maxTokens": 4}}
    answer = converse(bedrock, messages=conversation(result("mild and dry")), **tools(WEATHER), **settings)
    assert answer["stopReason"] == "max_tokens"
    assert answer["output"]["message"]["content"][0]["text"]


@pytest.mark.parametrize(
    ("arguments", "content", "stopped"),
    [('{"city": "Rome"}', {"city": "Rome"}, "tool_use"), ('{"city": "Ro', None, "malformed_tool_use")],
)
def test_a_call_that_the_server_reads_in_the_answer_is_told(
    bedrock: Any, scripted: ScriptedModel, arguments: str, content: Any, stopped: str
) -> None:
    call = {"id": "c", "type": "function", "function": {"name": "get_weather", "arguments": arguments}}
    message = {"role": "assistant", "content": "Let me see.", "tool_calls": [call]}
    scripted.answers["/props"] = {"chat_template_caps": {"supports_tools": True}}
    scripted.answers["/v1/chat/completions"] = {
        "choices": [{"finish_reason": "tool_calls", "message": message}],
        "usage": {"prompt_tokens": 5, "completion_tokens": 7},
    }
    answer = converse(bedrock, **{**tools(WEATHER), "modelId": SCRIPTED})
    assert answer["stopReason"] == stopped
    text, *calls = answer["output"]["message"]["content"]
    assert text == {"text": "Let me see."}
    assert [one["toolUse"]["input"] for one in calls] == ([content] if content else [])
    assert answer["usage"] == {"inputTokens": 5, "outputTokens": 7, "totalTokens": 12}


def test_a_model_whose_template_knows_no_tools_is_refused(bedrock: Any) -> None:
    asked = {**tools(WEATHER), "modelId": TEXT}
    assert refusal(lambda: converse(bedrock, **asked)) == "ValidationException: This model doesn't support tool use."


@pytest.mark.parametrize(
    ("asked", "problem"),
    [
        ({"modelId": TOOLED, "messages": conversation(result("x"))}, "The toolConfig field must be defined"),
        (tools(WEATHER, tool={"name": "get_time"}), "The tool get_time of toolChoice is not among the tools."),
        (
            {**tools(WEATHER), "inferenceConfig": {"stopSequences": ["x"]}},
            "stopSequences is not supported here together",
        ),
        (
            {**tools(WEATHER), "guardrailConfig": {"guardrailIdentifier": "g", "guardrailVersion": "1"}},
            "guardrailConfig is not supported here together",
        ),
        (
            {**tools(WEATHER), "system": [{"guardContent": {"text": {"text": "Be brief."}}}]},
            "guardContent is not supported here together",
        ),
    ],
)
def test_tools_that_cannot_be_used_so_are_refused(bedrock: Any, asked: Json, problem: str) -> None:
    found = refusal(lambda: converse(bedrock, **asked))
    assert found.startswith("ValidationException: ")
    assert problem in found


def test_tools_are_not_streamed(bedrock: Any) -> None:
    messages = [{"role": "user", "content": [{"text": "x"}]}]
    found = refusal(lambda: bedrock.converse_stream(messages=messages, **tools(WEATHER)))
    assert found == "ValidationException: This model doesn't support tool use in streaming mode."
