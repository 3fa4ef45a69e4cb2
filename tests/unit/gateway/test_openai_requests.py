"""What clients of OpenAI send: taken, bounded, or refused in their own terms."""

from __future__ import annotations

from typing import Any

import openai
import pytest

from benchmarks.gateway.upstream import Upstream
from tests.unit.gateway.conftest import Gateway


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"n": 2}, "n"),
        ({"tools": [{"type": "function", "function": {"name": "f"}}]}, "tools"),
        ({"response_format": {"type": "json_object"}}, "response_format"),
        ({"logprobs": True}, "logprobs"),
        ({"frequency_penalty": 0.5}, "frequency_penalty"),
        (
            {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": "x"}]}]},
            "messages.0.content.0",
        ),
        ({"messages": [{"role": "tool", "content": "x"}]}, "messages.0.role"),
        ({"messages": [{"role": "user", "content": "x"}, {"role": "system", "content": "y"}]}, "messages"),
        ({"messages": [{"role": "assistant", "content": "x"}, {"role": "user", "content": "y"}]}, "messages"),
        ({"messages": [{"role": "user", "content": "x", "tool_calls": [1]}]}, "messages.0.tool_calls"),
        ({"best_of": 2}, "best_of"),
        ({"x" * 41: 1}, "x" * 37 + "..."),
        (
            {"messages": [{"role": "user", "content": [{"type": "text", "text": "x", "a/b": 1}]}]},
            "messages.0.content.0.a/b",
        ),
    ],
)
def test_what_a_client_of_openai_asks_for_in_vain_is_named_in_its_own_terms(
    gateway: Gateway, fields: dict[str, Any], param: str
) -> None:
    reply = gateway.chat(**fields)

    assert reply.status == 400
    assert reply.body["error"]["param"] == param
    assert (reply.body["error"]["type"], reply.body["error"]["code"]) == ("invalid_request_error", "bad_request")
    assert reply.body["error"]["message"] == reply.body["detail"]


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"n": 2}, "'n' can only be 1 or null here; leave it out"),
        ({"presence_penalty": 1}, "'presence_penalty' can only be 0 or null here; leave it out"),
        ({"store": True}, "'store' can only be false or null here; leave it out"),
        ({"tool_choice": "any"}, '\'tool_choice\' can only be "none", "auto" or null here; leave it out'),
    ],
)
def test_a_field_that_changes_nothing_here_says_what_it_may_be(
    gateway: Gateway, fields: dict[str, Any], told: str
) -> None:
    assert gateway.chat(**fields).body["errors"] == [{"pointer": f"#/{next(iter(fields))}", "detail": told}]


def test_what_a_client_of_openai_sends_by_default_is_taken(gateway: Gateway, upstream: Upstream) -> None:
    reply = gateway.post(
        "/v1/chat/completions",
        {
            "model": "first",
            "messages": [
                {"role": "system", "content": "Be brief."},
                {"role": "developer", "content": [{"type": "text", "text": "Be kind."}]},
                {"role": "user", "content": "hi", "name": "ann"},
                {"role": "user", "content": [{"type": "text", "text": "you"}, {"type": "text", "text": "there"}]},
                {"role": "assistant", "content": "hello", "refusal": None, "tool_calls": []},
                {"role": "user", "content": "more"},
            ],
            "n": 1,
            "temperature": None,
            "max_completion_tokens": 7,
            "stop": "END",
            "logit_bias": {},
            "tool_choice": "none",
            "response_format": {"type": "text"},
            "presence_penalty": 0,
            "user": "u-1",
            "stream": False,
        },
    )

    assert reply.status == 200
    asked = upstream.asked[0].body
    assert asked["system"] == [{"text": "Be brief.\n\nBe kind."}]
    assert [(message["role"], message["content"][0]["text"]) for message in asked["messages"]] == [
        ("user", "hi\n\nyou\nthere"),
        ("assistant", "hello"),
        ("user", "more"),
    ]
    assert asked["inferenceConfig"] == {"maxTokens": 7, "stopSequences": ["END"]}


@pytest.mark.parametrize(
    ("said", "most"),
    [
        ({}, 256),
        ({"max_tokens": 7}, 7),
        ({"max_tokens": 4096}, 256),
        ({"max_completion_tokens": 10**30}, 256),
        ({"max_tokens": None}, 256),
    ],
)
def test_a_chat_s_answer_has_a_bound_of_its_own_which_binds_whoever_asks_for_more(
    gateway: Gateway, upstream: Upstream, said: dict[str, Any], most: int
) -> None:
    assert gateway.chat(**said).status == 200
    assert upstream.asked[0].body["inferenceConfig"]["maxTokens"] == most


@pytest.mark.parametrize("most", [0, -1, 1.5, True, "256"])
def test_a_number_of_tokens_that_is_none_is_refused_in_a_chat_too(gateway: Gateway, most: object) -> None:
    reply = gateway.chat(max_tokens=most)

    assert (reply.status, reply.body["detail"]) == (400, "'max_tokens' must be a whole number from 1 up.")


@pytest.mark.parametrize(
    ("said", "status", "most"), [({}, 200, 64), ({"max_tokens": 256}, 200, 256), ({"max_tokens": 257}, 400, 0)]
)
def test_a_prompt_of_one_s_own_is_answered_as_the_task_is_unless_it_asks_for_as_much_as_a_chat(
    gateway: Gateway, upstream: Upstream, said: dict[str, int], status: int, most: int
) -> None:
    assert gateway.post("/v1/generate", {"prompt": "x", "model": "first", **said}).status == status
    assert [asked.body["inferenceConfig"]["maxTokens"] for asked in upstream.asked] == [most] * (status == 200)


def test_a_client_of_openai_that_shows_one_message_is_told_every_reason_in_it(gateway: Gateway) -> None:
    client = openai.OpenAI(base_url=f"{gateway.url}/v1", api_key="unused", max_retries=0)
    question: Any = [{"role": "user", "content": "hi"}]

    with pytest.raises(openai.BadRequestError) as two:
        client.chat.completions.create(model="first", messages=question, n=2, temperature=1.5)
    with pytest.raises(openai.BadRequestError) as many:
        client.chat.completions.create(
            model="first", messages=question, n=2, temperature=2, top_p=0, max_tokens=0, seed=2**64, logprobs=True
        )

    assert "2 fields are wrong: " in str(two.value)
    assert all(
        reason in str(two.value)
        for reason in ("'temperature' must be a number from 0 to 1", "'n' can only be 1 or null")
    )
    assert "and 1 more." in str(many.value)


@pytest.mark.parametrize("root", ["", "/v2", "/nowhere/v1"])
def test_a_client_of_openai_with_a_wrong_address_is_told_which_there_are(gateway: Gateway, root: str) -> None:
    client = openai.OpenAI(base_url=f"{gateway.url}{root}", api_key="unused", max_retries=0)

    with pytest.raises(openai.NotFoundError, match=r"There is no such path\. Known are .*/v1/models"):
        client.models.list()
