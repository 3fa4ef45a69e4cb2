"""A classification tells how well each label is found, and which is taken for which, also where labels are many."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from lambdas.evaluate_candidate import handler as evaluate_candidate
from lambdas.judge_customization import handler as judge
from lambdas.shared.by_label import MOST_IN_MATRIX, MOST_LISTED, by_label

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.unit.lambdas.conftest import Cloud, Context

LABELS = ("bug", "question", "praise")
BUG_FOR_EVERY_SECOND = {"label": "bug", "support": 4, "given": 6, "precision": 0.666667, "recall": 1.0, "f1": 0.8}


@pytest.fixture
def classifying(cloud: Cloud, run: dict[str, Any], record: Callable[..., Any]) -> dict[str, Any]:
    """A run on eight tickets, four bugs and two of each other kind, whose labels training knows."""
    run["task"]["kind"], run["metric"] = "classification", "accuracy"
    labels = ["Bug", "Bug", "Praise", "Question"] * 2
    for split in ("validation", "train"):
        tickets = [record(f"{split}{n}", f"Ticket {n}.", label) for n, label in enumerate(labels)]
        cloud.put("curated", f"news/run=run-7/{split}/part-00000.jsonl", *tickets)
    return run


def answer(text: str) -> dict[str, Any]:
    return {
        "output": {"message": {"role": "assistant", "content": [{"text": text}]}},
        "stopReason": "end_turn",
        "usage": {"inputTokens": 7, "outputTokens": 3, "totalTokens": 10},
        "metrics": {"latencyMs": 5},
    }


def test_a_candidate_s_figures_by_label_are_stored_and_not_handed_to_the_workflow(
    cloud: Cloud, context: Context, classifying: dict[str, Any]
) -> None:
    said = {0: "Bug", 1: "a bug", 2: "praise", 3: "bug", 4: "Bug.", 5: "BUG", 6: "bug", 7: "no idea"}
    cloud.on(
        "bedrock-runtime",
        "Converse",
        lambda p: answer(said[int(p["messages"][-1]["content"][0]["text"].split()[-1].strip("."))]),
    )
    event = {"run": classifying, "candidate": classifying["candidates"][1]}

    result: Any = evaluate_candidate.handle(event, context)

    assert "by_label" not in result
    stored = cloud.document("models", result["result_key"])["by_label"]
    assert stored["figures"][0] == BUG_FOR_EVERY_SECOND
    assert stored["confusion"] == {
        "labels": ["bug", "praise", "question"],
        "others": 0,
        "rows": [[4, 0, 0, 0], [1, 1, 0, 0], [1, 0, 0, 1]],
    }
    assert evaluate_candidate.handle(event, context) == result
    # The gateway answers with these.
    assert cloud.document("models", "run=run-7/candidates/labels.json") == {"labels": ["Bug", "Praise", "Question"]}


def test_a_customized_model_s_evaluation_has_them_of_both_models(
    cloud: Cloud, context: Context, classifying: dict[str, Any]
) -> None:
    for name, output in (("base", "bug"), ("tuned", "")):
        lines = [
            {"record_id": f"r{n}", "prompt": "Text.", "reference": label, "output": output or label}
            for n, label in enumerate(["bug", "praise"] * 20)
        ]
        cloud.put("models", f"{name}.jsonl", *lines)
    classifying["floor"] = 0.6
    results = [{"predictions_key": "base.jsonl"}, {"predictions_key": "tuned.jsonl"}]

    judge.handle({"run": classifying, "results": results}, context)

    report = cloud.document("models", "run=run-7/evaluation/evaluation.json")
    rows = {name: report[name]["by_label"]["confusion"]["rows"] for name in ("base", "tuned")}
    assert rows == {
        "base": [[20, 0, 0, 0], [20, 0, 0, 0], [0, 0, 0, 0]],
        "tuned": [[20, 0, 0, 0], [0, 20, 0, 0], [0, 0, 0, 0]],
    }


def test_a_share_of_nothing_is_no_figure() -> None:
    bug, praise, question = by_label(("bug", "question", "praise"), ["bug", "praise"], ["bug", None])["figures"]

    assert (bug["precision"], bug["recall"], bug["f1"]) == (1.0, 1.0, 1.0)
    assert (praise["precision"], praise["recall"], praise["f1"]) == (None, 0.0, 0.0)
    assert (question["precision"], question["recall"], question["f1"]) == (None, None, None)


def test_labels_stand_in_one_order_whatever_a_model_answers() -> None:
    references = ["rare", "bug", "bug"]
    found = [by_label(LABELS, references, answers) for answers in (["praise"] * 3, ["question"] * 3)]

    listed = [[figure["label"] for figure in one["figures"]] for one in found]
    assert listed == [["bug", "rare", "question", "praise"]] * 2


def test_of_many_labels_the_rarest_are_one_in_the_matrix_and_counted_where_they_are_left_out() -> None:
    labels = [f"label {number:03}" for number in range(60)]
    references = [label for number, label in enumerate(labels) for _ in range(60 - number)]

    found = by_label(labels, references, [None, *references[1:-1], labels[0]])

    assert [figure["label"] for figure in found["figures"]] == labels[:MOST_LISTED]
    assert found["left_out"] == {"labels": 10, "examples": sum(range(11))}
    confusion = found["confusion"]
    assert confusion["labels"] == labels[: MOST_IN_MATRIX - 1]
    assert confusion["others"] == 60 - len(confusion["labels"])
    assert sum(map(sum, confusion["rows"])) == len(references)
    first, *_, others = confusion["rows"]
    assert (first[0], first[-2], first[-1]) == (59, 0, 1)
    assert (others[0], others[-1]) == (1, 0)
    assert others[-2] == sum(others) - 1


def test_as_many_labels_as_have_room_each_have_their_own_row() -> None:
    labels = [f"label {number:02}" for number in range(MOST_IN_MATRIX)]

    confusion = by_label(labels, labels, labels)["confusion"]

    assert (confusion["labels"], confusion["others"]) == (labels, 0)
