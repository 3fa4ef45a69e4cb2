"""The report holds what a run left behind, also one that failed, and nothing that may not leave quarantine."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from tests.unit.report.conftest import by_label, candidate, cluster
from tests.unit.report.outputs import OUTPUTS, SECRET, Buckets, prepared
from twin.report import collect
from twin.report.artefacts import Artefacts
from twin.run.board import Board
from twin.run.execution import Outcome

RESOLVED = {"floor": 0.3}
SELECTED: dict[str, Any] = {
    "chosen": None,
    "needs_tuning": True,
    "reason": "no candidate reaches rougeL 0.3",
    "floor": 0.3,
    "best": {},
}


def selected(buckets: Buckets) -> Buckets:
    for index, strategy in enumerate(("zero-shot", "few-shot")):
        key = f"run=r1/candidates/{index}-m-{strategy}"
        buckets.put("models", f"{key}.json", candidate(strategy, 0.2) | {"prompt_turns": ["a turn"]})
        buckets.put("models", f"{key}.predictions.jsonl", {"output": "…"})
    return buckets


def report(buckets: Buckets, board: Board, outcome: Outcome, error: str | None = None) -> dict[str, Any]:
    return collect(outcome, board, Artefacts(buckets, OUTPUTS, "d", "r1"), None, [], error)


def failed(results: dict[str, dict[str, Any]]) -> Outcome:
    return Outcome("arn", "r1", "FAILED", {}, "FineTuneFailed", "why", results)


def test_a_run_tells_when_it_began_in_utc_and_its_data_set_once_that_is_known(board: Board) -> None:
    began = datetime(2026, 11, 26, 1, 13, tzinfo=timezone(timedelta(hours=1)))
    known = replace(failed({"ResolveRun": RESOLVED | {"dataset": "news"}}), started=began)

    assert report(prepared(), board, known)["execution"]["started"] == "2026-11-26T00:13:00+00:00"
    assert report(prepared(), board, known)["execution"]["dataset"] == "news"
    assert report(Buckets(), board, failed({}))["execution"]["dataset"] is None


def test_the_text_of_a_rejected_record_never_leaves_quarantine(board: Board) -> None:
    found = report(prepared(), board, failed({"ResolveRun": RESOLVED}))

    assert SECRET not in json.dumps(found)
    assert "raw" not in found["data"]["rejected_examples"]["personal_data"][0]


def test_the_largest_clusters_and_whether_there_is_a_data_card_are_told(board: Board) -> None:
    buckets = prepared()
    without = report(buckets, board, failed({"ResolveRun": RESOLVED}))["data"]
    buckets.objects["curated", "d/run=r1/data_card.html"] = b"<p>the card</p>"

    assert without["clusters"] == [cluster()] * 4
    assert without["card"] is None
    assert report(buckets, board, failed({"ResolveRun": RESOLVED}))["data"]["card"] == "data_card.html"
    assert Artefacts(buckets, OUTPUTS, "d", "r1").data_card() == "<p>the card</p>"


def test_a_rejected_record_is_told_by_its_place_its_length_and_its_reason(board: Board) -> None:
    data = report(prepared(), board, failed({"ResolveRun": RESOLVED}))["data"]

    assert data["quarantine"] == "s3://quarantine/d/run=r1/"
    assert data["rejected_examples"] == {
        "personal_data": [
            {
                "reason": "personal_data",
                "detail": "1 email",
                "source": {"key": "d/data.jsonl", "line": line},
                "bytes": 80,
            }
            for line in (3, 5)
        ],
        "too_short": [
            {"reason": "too_short", "detail": "1 email", "source": {"key": "d/data.jsonl", "line": 9}, "bytes": 80}
        ],
    }


def test_a_run_that_failed_after_the_selection_still_shows_what_was_selected(board: Board) -> None:
    found = report(selected(prepared()), board, failed({"ResolveRun": RESOLVED, "SelectModel": SELECTED}))

    selection = found["selection"]
    assert (selection["floor"], selection["needs_tuning"], selection["chosen"]) == (0.3, True, None)
    assert selection["reason"] == "no candidate reaches rougeL 0.3"
    assert [c["strategy"] for c in selection["candidates"]] == ["zero-shot", "few-shot"]


def test_a_run_that_failed_in_the_selection_shows_the_floor_that_nobody_reached(board: Board) -> None:
    selection = report(selected(prepared()), board, failed({"ResolveRun": RESOLVED}))["selection"]

    assert selection["floor"] == 0.3
    assert (selection["reason"], selection["needs_tuning"]) == (None, None)


def test_the_chosen_candidate_is_told_in_the_same_figures_as_the_others(board: Board) -> None:
    chosen = SELECTED | {"chosen": candidate("few-shot", 0.2) | {"model_id": "m"}, "needs_tuning": False}
    results = {"ResolveRun": RESOLVED, "SelectModel": chosen}

    selection = report(selected(prepared()), board, Outcome("arn", "r1", "SUCCEEDED", {}, results=results))["selection"]

    assert selection["chosen"] == selection["candidates"][1]


def test_what_was_decided_about_each_candidate_and_of_one_without_figures_is_told(board: Board) -> None:
    verdicts = [
        {"index": 0, "name": "m (zero-shot)", "verdict": "refused", "words": "too low"},
        {"index": 1, "name": "m (few-shot)", "verdict": "chosen", "words": "cheap"},
        {"index": 2, "name": "n (zero-shot)", "verdict": "unmeasured", "words": "no access"},
    ]
    results = {"ResolveRun": RESOLVED, "SelectModel": SELECTED | {"verdicts": verdicts}}

    selection = report(selected(prepared()), board, Outcome("arn", "r1", "SUCCEEDED", {}, results=results))["selection"]

    told = [(c["verdict"], c["words"]) for c in selection["candidates"]]
    assert told == [("refused", "too low"), ("chosen", "cheap")]
    assert selection["unmeasured"] == verdicts[2:]


def moved(board: Board, *scores: tuple[float, float]) -> dict[str, Any]:
    """The evaluation of predictions that scored so with base and tuned."""
    buckets = prepared()
    buckets.put(
        "models",
        "run=r1/evaluation/evaluation.json",
        {
            "metric": "rougeL",
            "examples": 6,
            "base": {"rougeL": 0.3, "loss": 3.0},
            "tuned": {"rougeL": 0.4, "loss": 2.0},
            "difference": {"value": 0.1, "ci": [0.0, 0.2]},
            "loss_reduction": 0.33,
        },
    )
    lines = [{"record_id": str(n), "base_score": base, "tuned_score": tuned} for n, (base, tuned) in enumerate(scores)]
    buckets.put("models", "run=r1/evaluation/predictions.jsonl", *lines)

    found: dict[str, Any] = report(buckets, board, failed({"ResolveRun": RESOLVED}))["evaluation"]
    return found


def shown(evaluation: dict[str, Any]) -> list[list[str]]:
    return [[p["record_id"] for p in evaluation[name]] for name in ("best", "worst", "weakest")]


def test_examples_moved_most_are_shown_both_ways_the_furthest_first_and_none_twice(board: Board) -> None:
    evaluation = moved(board, (0.5, 0.9), (0.5, 0.1), (0.5, 0.8), (0.5, 0.502), (0.5, 0.7), (0.5, 0.3))

    assert shown(evaluation) == [["0", "2", "4"], ["1", "5"], ["3"]]
    assert evaluation["moved"] == {"better": 3, "same": 1, "worse": 2}


def test_an_answer_that_got_better_is_never_among_those_that_got_worse_nor_is_a_right_one_among_the_weak(
    board: Board,
) -> None:
    assert shown(moved(board, (0, 1), (0.2, 0.9), *[(0, 1)] * 5, (1, 1))) == [["0", "2", "3", "4"], [], []]
    assert shown(moved(board, (0.5, 0.1), (0.4, 0.4), (0, 0), (1, 1))) == [[], ["0"], ["2", "1"]]


def test_a_classification_s_figures_by_label_are_told_of_candidates_and_of_both_models(board: Board) -> None:
    buckets, found = selected(prepared()), by_label(["bug"], [[1, 0]])
    buckets.put("models", "run=r1/candidates/1-m-few-shot.json", candidate("few-shot", 0.2) | {"by_label": found})
    model = {"accuracy": 0.3, "by_label": found}
    evaluated = {"metric": "accuracy", "examples": 1, "base": model, "tuned": model}
    evaluated["difference"] = {"value": 0.1, "ci": [0.0, 0.2]}
    buckets.put("models", "run=r1/evaluation/evaluation.json", evaluated)

    told = report(buckets, board, failed({"ResolveRun": RESOLVED}))

    assert told["evaluation"]["by_label"] == {"base": found, "tuned": found}
    assert [c["by_label"] for c in told["selection"]["candidates"]] == [None, found]


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ({"approved_by": "jo", "approved_at": "2026-11-26T00:53:07Z"}, "manual"),
        ({"approved_by": "automatic", "approved_at": "2026-11-26T00:53:07Z"}, "automatic"),
        ({"approved_by": "jo"}, "manual"),
    ],
)
def test_an_approval_is_told_with_its_kind_its_time_and_the_wait_for_it(
    board: Board, answer: dict[str, str], kind: str
) -> None:
    board.steps["AwaitApproval"].wall_s = 140.954
    results: dict[str, dict[str, Any]] = {"ResolveRun": RESOLVED, "AwaitApproval": answer}

    found = report(prepared(), board, Outcome("arn", "r1", "SUCCEEDED", {}, results=results))["approval"]

    assert found == {
        "kind": kind,
        "by": answer.get("approved_by"),
        "at": answer.get("approved_at"),
        "waited_s": 140.95,
    }


def test_a_run_that_left_nothing_has_empty_sections_and_its_error(board: Board) -> None:
    found = report(Buckets(), board, failed({}), "it did not answer")

    assert found["error"] == "it did not answer"
    assert [found[name] for name in ("data", "selection", "tuning", "evaluation", "approval", "serving")] == [None] * 6
