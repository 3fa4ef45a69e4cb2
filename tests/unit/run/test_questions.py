"""The deployed API is asked in the way in which its model was measured, whichever target was approved."""

from __future__ import annotations

from typing import Any

import pytest

from cdk_app.settings import Task
from lambdas.shared.prompts import task_prompt, text_of
from twin.run.api import ProbeFailed
from twin.run.questions import body, is_conversation, route

SUMMARIZATION = Task(kind="summarization", instruction="Say it in one sentence.")
GENERATION = Task(kind="generation", instruction="Answer the question.")
TUNED = {"kind": "sagemaker", "endpoint": "e", "model_package_arn": "a", "run_id": "r"}
EXTRACTIVE = {"kind": "extractive", "run_id": "r"}
ZERO_SHOT = {"kind": "bedrock", "model_id": "m", "strategy": "zero-shot", "run_id": "r"}
FEW_SHOT = {"kind": "bedrock", "model_id": "m", "strategy": "few-shot", "run_id": "r", "prompt_key": "k"}


@pytest.mark.parametrize("target", [TUNED, EXTRACTIVE, ZERO_SHOT, FEW_SHOT])
def test_a_summary_is_asked_for_with_the_bare_text_that_the_gateway_wraps(target: dict[str, Any]) -> None:
    prompt = task_prompt(SUMMARIZATION.instruction, "A long text.\n\nIn two paragraphs.")

    assert route(SUMMARIZATION, target) == "/v1/summarize"
    assert body(SUMMARIZATION, target, prompt) == {"text": text_of(prompt, SUMMARIZATION.instruction)}


@pytest.mark.parametrize("target", [TUNED, ZERO_SHOT])
def test_generation_sends_the_curated_prompt_as_it_is(target: dict[str, Any]) -> None:
    prompt = task_prompt(GENERATION.instruction, "Why?")

    assert route(GENERATION, target) == "/v1/generate"
    assert body(GENERATION, target, prompt) == {"prompt": prompt}


@pytest.mark.parametrize("target", [EXTRACTIVE, FEW_SHOT])
def test_what_only_the_gateway_can_add_is_left_to_it_in_generation_too(target: dict[str, Any]) -> None:
    prompt = task_prompt(GENERATION.instruction, "Why?")

    assert route(GENERATION, target) == "/v1/summarize"
    assert body(GENERATION, target, prompt) == {"text": "Why?"}


def test_a_record_that_was_curated_for_another_instruction_is_not_asked() -> None:
    with pytest.raises(ProbeFailed, match="Say it in one sentence"):
        body(SUMMARIZATION, TUNED, "Translate this.\n\nA text.")


@pytest.mark.parametrize("task", [SUMMARIZATION, GENERATION])
@pytest.mark.parametrize("target", [TUNED, ZERO_SHOT])
def test_of_a_conversation_the_last_turn_is_asked_as_it_was_curated(task: Task, target: dict[str, Any]) -> None:
    assert route(task, target, conversation=True) == "/v1/generate"
    assert body(task, target, "And then?", conversation=True) == {"prompt": "And then?"}


@pytest.mark.parametrize("target", [EXTRACTIVE, FEW_SHOT])
def test_what_only_the_gateway_can_add_is_left_to_it_for_a_conversation_too(target: dict[str, Any]) -> None:
    assert route(SUMMARIZATION, target, conversation=True) == "/v1/summarize"
    assert body(SUMMARIZATION, target, "And then?", conversation=True) == {"text": "And then?"}


@pytest.mark.parametrize(
    ("said", "conversation"),
    [
        (["Say it in one sentence.\n\nA text.", "An answer."], False),
        (["Why?", "Because."], True),
        (["Be kind.", "Why?", "Because."], True),
        (["Say it in one sentence.\n\nA text.", "An answer.", "And then?", "Nothing."], True),
    ],
)
def test_a_record_is_a_conversation_unless_it_is_the_instruction_s_question_and_answer(
    said: list[str], conversation: bool
) -> None:
    record = {"messages": [{"role": "user", "content": content} for content in said]}
    assert is_conversation(SUMMARIZATION, record) is conversation
