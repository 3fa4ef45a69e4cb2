"""Documents, embedding model and judge: each is there where it is needed, and nowhere else."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from cdk_app.catalogue.embedding import EMBEDDERS
from cdk_app.settings import Problem, Settings, open_prices, run_settings, run_settings_template

Load = Callable[..., Settings]
Problems = Callable[..., list[Problem]]
TITAN = {"model": "titan-embed-text-v2"}
RETRIEVES = {"model": "nova-micro", "strategy": "retrieval", "passages": 3}
DOCUMENTS = {"folder": "handbook"}


def change(document: dict[str, Any], selection: dict[str, Any], **task: Any) -> dict[str, Any]:
    document["selection"] |= selection
    document["task"] |= task
    return document


def judged(document: dict[str, Any], judge: dict[str, Any]) -> dict[str, Any]:
    document["tuning"] = {"enabled": False}
    return change(document, {"metric": "judge", "judge": judge}, kind="generation")


def test_a_run_has_what_a_retrieval_candidate_needs(load: Load, document: dict[str, Any]) -> None:
    candidate = {**RETRIEVES, "search": "embeddings"}
    change(document, {"candidates": [candidate], "documents": DOCUMENTS, "embeddings": TITAN})

    defaults = run_settings(load(document))["defaults"]

    assert defaults["selection"]["documents"] == {"folder": "handbook", "passage_words": 120}
    assert defaults["selection"]["embeddings"] == {
        "model": "titan-embed-text-v2",
        "model_id": "amazon.titan-embed-text-v2:0",
        "price": {"usd_per_1k_input_tokens": 2e-05, "usd_per_1k_output_tokens": 0.0},
    }
    assert {"passages": 3, "search": "embeddings"}.items() <= defaults["candidates"][0].items()


def test_a_run_without_them_says_nothing_of_them(load: Load, document: dict[str, Any]) -> None:
    assert run_settings(load(document))["defaults"]["selection"].keys() == {"metric", "floor", "sample_size"}


def test_the_judge_is_priced_by_the_geography_that_is_deployed_to(load: Load, document: dict[str, Any]) -> None:
    priced = load(judged(document, {"model": "nova-pro"}))
    names = [name for name in open_prices(priced) if name.startswith("Judge")]
    template = run_settings_template(priced)

    assert all(f"${{{name}}}" in template for name in names)
    filled = template.replace("${JudgeInput}", "1").replace("${JudgeOutput}", "2")
    for name in open_prices(priced):
        filled = filled.replace(f"${{{name}}}", "3")
    judge = json.loads(filled)["selection"]["judge"]
    assert (judge["model"], judge["agreement"]) == ("nova-pro", 0.85)
    assert "rubric" not in judge


def test_every_embedding_model_has_a_price_and_an_id_or_is_imported() -> None:
    assert {"titan-embed-text-v2", "cohere-embed-v4", "all-minilm-l6-v2"} <= EMBEDDERS.keys()
    assert all((model.model_id is None) == (model.platform == "bedrock-import") for model in EMBEDDERS.values())


@pytest.mark.parametrize(
    ("selection", "key", "message"),
    [
        ({"candidates": [{**RETRIEVES, "passages": None}], "documents": DOCUMENTS}, "passages", "needs a number"),
        ({"candidates": [{"model": "nova-micro", "passages": 3}]}, "passages", "`zero-shot` finds no passages"),
        ({"candidates": [{"model": "nova-micro", "search": "words"}]}, "search", "`zero-shot` finds no passages"),
        ({"candidates": [RETRIEVES]}, "strategy", "there are no documents"),
        (
            {"candidates": [{**RETRIEVES, "search": "embeddings"}], "documents": DOCUMENTS},
            "search",
            "no model to embed",
        ),
        ({"documents": DOCUMENTS}, "documents", "no candidate retrieves"),
        ({"candidates": [RETRIEVES], "documents": {"folder": "news"}}, "folder", "with the answers that are wanted"),
        ({"embeddings": {"model": "nova-micro"}}, "model", "is no embedding model"),
        ({"embeddings": {"model": "all-minilm-l6-v2"}}, "imported_model_id", "an import of your own"),
        ({"embeddings": {**TITAN, "imported_model_id": "a1b2c3d4e5f6"}}, "imported_model_id", "not an imported"),
        ({"judge": {"model": "nova-pro"}}, "judge", "`metric: rougeL` asks no judge"),
        ({"metric": "embeddingSimilarity", "embeddings": TITAN}, "metric", "asks a model on Bedrock"),
    ],
)
def test_what_is_missing_or_of_no_use_is_told(
    problems: Problems, document: dict[str, Any], selection: dict[str, Any], key: str, message: str
) -> None:
    (problem,) = problems(change(document, selection))

    assert problem.key.endswith(key)
    assert message in problem.message


def test_embeddings_that_nothing_asks_for_are_told(problems: Problems, document: dict[str, Any]) -> None:
    change(document, {"metric": "exactMatch", "embeddings": TITAN}, kind="question_answering")

    messages = {problem.key: problem.message for problem in problems(document)}

    assert messages["selection.embeddings"].startswith("nothing is embedded: no candidate searches by embeddings")


@pytest.mark.parametrize(
    ("judge", "message"),
    [
        ({"model": "nova-micro"}, "would judge its own answers"),
        ({"model": "extractive-lead"}, "cannot be asked to judge"),
        ({"model": "smollm2-135m-instruct"}, "an import of your own"),
        ({"model": "nova-pro", "agreement": 0.5}, ""),
    ],
)
def test_a_judge_that_cannot_judge_is_refused(
    problems: Problems, document: dict[str, Any], judge: dict[str, Any], message: str
) -> None:
    (problem,) = problems(judged(document, judge))

    assert problem.key.startswith("selection.judge")
    assert message in problem.message


def test_a_judge_goes_with_no_tuning(problems: Problems, document: dict[str, Any]) -> None:
    judged(document, {"model": "nova-pro"})
    del document["tuning"]

    (problem,) = problems(document)

    assert "or `tuning.enabled` false" in problem.remedy
