"""The guardrail on texts of models that do not apply it by themselves, against the service."""

from __future__ import annotations

from typing import Any

import pytest

from lambdas.gateway.exchange import Turn
from lambdas.gateway.guard import Blocked, Guard
from lambdas.gateway.problems import Problem
from lambdas.shared.errors import ConfigurationError
from tests.twin.helpers import unique
from twin.emulator import Emulator


@pytest.fixture
def guard(emulator: Emulator, inside: None, monkeypatch: pytest.MonkeyPatch) -> Guard:
    """A guardrail that blocks a word and masks addresses of mail."""
    made = emulator.client("bedrock").create_guardrail(
        name=unique("guard"),
        blockedInputMessaging="No: word 7.",
        blockedOutputsMessaging="No: word 8.",
        wordPolicyConfig={"wordsConfig": [{"text": "pineapple"}]},
        sensitiveInformationPolicyConfig={"piiEntitiesConfig": [{"type": "EMAIL", "action": "ANONYMIZE"}]},
    )
    monkeypatch.setenv("GUARDRAIL_ID", made["guardrailId"])
    monkeypatch.setenv("GUARDRAIL_VERSION", made["version"])
    return Guard.from_environment({})


def turns(*texts: str) -> list[Turn]:
    return [Turn("user", text) for text in texts]


def test_what_may_pass_passes_as_it_is(guard: Guard) -> None:
    asked = turns("Hello", "What is a bucket?")
    assert guard.check_input(asked) == tuple(asked)
    assert guard.check_output("A place.") == "A place."
    assert guard.check_output("  ") == "  "


def test_what_is_blocked_names_its_policy_to_the_log(guard: Guard) -> None:
    assert guard.check_input(turns("Hello", "A pineapple")) == Blocked("INPUT", "guardrail: wordPolicy")
    assert guard.check_output("Take pineapple.") == Blocked("OUTPUT", "guardrail: wordPolicy")


def test_what_is_masked_goes_on_masked_in_its_own_turn(guard: Guard) -> None:
    passed = guard.check_input(turns("Hello", "I am ann@example.com", "Who am I?"))
    assert passed == tuple(turns("Hello", "I am {EMAIL}", "Who am I?"))
    assert guard.check_output("You are ann@example.com.") == "You are {EMAIL}."


def test_a_guardrail_that_cannot_be_applied_lets_nothing_pass(guard: Guard) -> None:
    gone = Guard(("nosuchguard", "1"), attacks=False)
    with pytest.raises(Problem, match="The service of the guardrail refused"):
        gone.check_input(turns("Hello"))
    with pytest.raises(Problem, match="The service of the guardrail refused"):
        gone.check_output("Hello")


def test_converse_takes_what_it_is_asked_with(guard: Guard) -> None:
    assert guard.guardrail is not None
    identifier, version = guard.guardrail
    config: dict[str, Any] = {"guardrailIdentifier": identifier, "guardrailVersion": version, "trace": "enabled"}
    assert guard.converse_config() == config
    assert guard.converse_config(stream=True) == {**config, "streamProcessingMode": "sync"}
    assert Guard(None, attacks=True).converse_config() is None


def test_the_guards_version_changes_with_all_that_it_does(guard: Guard) -> None:
    guards = [guard, Guard(guard.guardrail, attacks=True), Guard(("g", "1"), attacks=False), Guard(None, attacks=False)]
    assert len({one.version for one in guards}) == len(guards)


def test_half_a_guardrail_in_the_environment_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GUARDRAIL_ID", "g")
    monkeypatch.delenv("GUARDRAIL_VERSION", raising=False)
    with pytest.raises(ConfigurationError, match="GUARDRAIL_VERSION"):
        Guard.from_environment({})
