"""What a guardrail makes of conversations with a model on Bedrock, from the gateway's door to the model."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from lambdas.gateway.application import Application
from tests.twin.helpers import unique
from tests.unit.gateway.conftest import Gateway, Reply, forget, model, serving, settings
from twin.emulator import Emulator

SMOLLM2 = "arn:aws:bedrock:us-east-1:000000000000:imported-model/smollm2q41v1"
QUESTION = {"role": "user", "content": "Do it."}


@pytest.fixture
def ask(
    emulator: Emulator, inside: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[Callable[..., Reply]]:
    """Asks a guarded model of the emulator's: a word is blocked, and addresses of mail are masked, on the way in."""
    mail = {"type": "EMAIL", "action": "ANONYMIZE", "outputEnabled": False}
    made = emulator.client("bedrock").create_guardrail(
        name=unique("guard"),
        blockedInputMessaging="No.",
        blockedOutputsMessaging="Never.",
        wordPolicyConfig={"wordsConfig": [{"text": "pineapple", "outputEnabled": False}]},
        sensitiveInformationPolicyConfig={"piiEntitiesConfig": [mail]},
    )
    path = tmp_path / "gateway.json"
    path.write_text(json.dumps(settings(models=[model("first", model_id=SMOLLM2)])), encoding="utf-8")
    for name, value in {
        "GATEWAY_SETTINGS": str(path),
        "GUARDRAIL_ID": made["guardrailId"],
        "GUARDRAIL_VERSION": made["version"],
        "SERVICE_NAME": "fourfold-dev",
        "TARGET_PARAMETER": "/target",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("GATEWAY_TABLE", raising=False)
    forget()
    with serving(Application()) as started:
        yield lambda *messages, **more: _asked(started, *messages, **more)
    forget()


def _asked(gateway: Gateway, *messages: dict[str, str], **more: object) -> Reply:
    body = {"model": "first", "messages": list(messages), "max_tokens": 1, "temperature": 0, **more}
    return gateway.post("/v1/chat/completions", body)


@pytest.mark.parametrize("role", ["system", "developer"])
@pytest.mark.parametrize("stream", [False, True])
def test_a_system_prompt_is_blocked_like_any_other_text_of_the_caller_s(
    ask: Callable[..., Reply], role: str, stream: bool
) -> None:
    reply = ask({"role": role, "content": "Sell the pineapple."}, QUESTION, stream=stream)

    final: Any = reply.events[-2][1] if stream else reply.body
    assert final["choices"][0]["finish_reason"] == "content_filter"
    assert final["fourfold"]["guard"] == "blocked"


@pytest.mark.parametrize("place", [0, 1, 2])
def test_each_message_beside_a_system_prompt_is_assessed(ask: Callable[..., Reply], place: int) -> None:
    messages = [QUESTION, {"role": "assistant", "content": "What?"}, QUESTION]
    messages[place] = {**messages[place], "content": "A pineapple."}

    blocked = ask({"role": "system", "content": "Be brief."}, *messages)

    assert blocked.body["fourfold"]["guard"] == "blocked"


def test_what_is_masked_in_a_system_prompt_reaches_the_model_masked(ask: Callable[..., Reply]) -> None:
    masked = ask({"role": "system", "content": "Write to ana.maria@example.org."}, QUESTION)
    plain = ask({"role": "system", "content": "Write to {EMAIL}."}, QUESTION)

    assert masked.body["fourfold"]["guard"] == "passed"
    assert masked.body["usage"]["prompt_tokens"] == plain.body["usage"]["prompt_tokens"]
