"""Candidates and the model that is tuned: what makes no sense is refused, and its harmless neighbour is not."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.settings.conftest import EXTRACTIVE, IMPORTED, Load, Problems, found


@pytest.mark.parametrize(
    ("candidate", "key", "message"),
    [
        ({"model": "nova-micron"}, "model", "`nova-micron` is not in the model catalogue"),
        ({"model": "titan-embed-text-v2"}, "model", "`titan-embed-text-v2` is a model for embeddings"),
        ({"model": "nova-lite", "strategy": "few-shot"}, "examples", "few-shot needs a number of examples"),
        ({"model": "nova-lite", "examples": 2}, "examples", "`zero-shot` shows no examples"),
        (EXTRACTIVE | {"examples": 2}, "examples", "`extractive` shows no examples"),
        ({"model": "nova-lite", "strategy": "extractive"}, "strategy", "`nova-lite` writes, it does not extract"),
        (
            {"model": "extractive-lead"},
            "strategy",
            "`extractive-lead` is the extractive baseline and asks no model",
        ),
        (
            {"model": "smollm2-135m-instruct"},
            "imported_model_id",
            "`smollm2-135m-instruct` is answered by an import of your own",
        ),
        (
            {"model": "nova-lite", "imported_model_id": "a1b2c3d4e5f6"},
            "imported_model_id",
            "`nova-lite` is not an imported model",
        ),
    ],
)
def test_a_candidate_that_makes_no_sense_is_refused(
    problems: Problems, document: dict[str, Any], candidate: dict[str, Any], key: str, message: str
) -> None:
    document["selection"]["candidates"].append(candidate)
    assert found(problems(document)) == [(f"selection.candidates[1].{key}", message)]


@pytest.mark.parametrize("candidate", [EXTRACTIVE, IMPORTED, IMPORTED | {"strategy": "few-shot", "examples": 2}])
def test_a_candidate_that_makes_sense_is_accepted(
    load: Load, document: dict[str, Any], candidate: dict[str, Any]
) -> None:
    document["selection"]["candidates"].append(candidate)
    assert len(load(document).selection.candidates) == 2


def test_a_model_that_is_not_in_the_catalogue_comes_with_the_nearest_ones(
    problems: Problems, document: dict[str, Any]
) -> None:
    document["selection"]["candidates"] = [{"model": "claude-haiku"}]
    (problem,) = problems(document)
    assert problem.remedy == "Did you mean `claude-haiku-5-5`, `claude-haiku-4-5` or `claude-opus-5`?"


def test_the_same_candidate_twice_is_refused(load: Load, problems: Problems, document: dict[str, Any]) -> None:
    document["selection"]["candidates"] = [{"model": "nova-lite"}, {"model": "nova-lite", "strategy": "zero-shot"}]
    assert found(problems(document)) == [("selection.candidates[1]", "`nova-lite`, zero-shot, is already a candidate")]
    document["selection"]["candidates"][1] |= {"strategy": "few-shot", "examples": 2}
    load(document)


@pytest.mark.parametrize("enabled", [True, False])
def test_a_model_that_cannot_be_customised_is_not_tuned(
    problems: Problems, document: dict[str, Any], enabled: bool
) -> None:
    document["tuning"] = {"model": "claude-haiku-4-5", "enabled": enabled}
    (problem,) = problems(document)
    assert problem.key == "tuning.model"
    assert "cannot be customised" in problem.message
    assert problem.remedy == "Choose `smollm2-135m-instruct`."


def test_an_unknown_model_is_not_tuned(problems: Problems, document: dict[str, Any]) -> None:
    document["tuning"] = {"model": "smollm2"}
    assert found(problems(document)) == [("tuning.model", "`smollm2` is not in the model catalogue")]


@pytest.mark.parametrize(
    ("fitting", "exceeding", "key"),
    [
        ((3968, 128), (3969, 128), "tuning.max_length"),
        ((256, 3840), (256, 3841), "serving.max_output_tokens"),
        ((32, 4064), (32, 8192), "serving.max_output_tokens"),
    ],
)
def test_an_answer_leaves_room_for_a_prompt_as_long_as_those_that_the_model_is_trained_on(
    load: Load,
    problems: Problems,
    document: dict[str, Any],
    fitting: tuple[int, int],
    exceeding: tuple[int, int],
    key: str,
) -> None:
    """Where they do not fit together, the one that asks for more is the one to change."""

    def asking_for(lengths: tuple[int, int]) -> dict[str, Any]:
        prompt, answer = lengths
        return document | {"tuning": {"max_length": prompt}, "serving": {"max_output_tokens": answer}}

    load(asking_for(fitting))
    (problem,) = problems(asking_for(exceeding))
    assert problem.key == key
    assert problem.message.startswith("prompt and answer share 4096 tokens")
    assert problem.remedy == "Make `tuning.max_length` and `serving.max_output_tokens` together 4096 or less."


def test_without_tuning_the_endpoint_s_context_limits_nothing(load: Load, document: dict[str, Any]) -> None:
    document["tuning"] = {"enabled": False}
    document["serving"] = {"max_output_tokens": 8192}
    assert load(document).serving.max_output_tokens == 8192
