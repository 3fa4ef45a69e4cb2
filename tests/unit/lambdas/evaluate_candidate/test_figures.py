"""Every candidate answers the same held-out records; what it costs, how long it takes and how good it is comes out."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pytest

from lambdas.evaluate_candidate.deadline import EvaluationTimedOut, reserve_millis
from lambdas.evaluate_candidate.handler import handle
from lambdas.shared.errors import InvalidEvent, TooFewRecords
from lambdas.shared.records import read_split, sample
from tests.unit.lambdas.evaluate_candidate.bedrock import PREFIX, Curated, Evaluate, Params, converse_answer, question

if TYPE_CHECKING:
    from tests.unit.lambdas.conftest import Cloud, Context


def test_the_figures_are_those_of_the_answers(evaluate: Evaluate, cloud: Cloud, run: dict[str, Any]) -> None:
    cloud.on(
        "bedrock-runtime",
        "Converse",
        lambda p: converse_answer("Summary " + question(p).split("Text ")[1].split()[0], inputTokens=200),
    )

    result = evaluate(1)

    assert result["value"] == 1.0
    assert result["ci"] == [0.630583, 1.0]
    assert (result["level"], result["resamples"]) == (0.95, 2000)
    assert (result["examples"], result["failed"]) == (8, 0)
    assert result["usd_per_1k_requests"] == pytest.approx(200 * 0.5 + 10 * 2.0)
    assert result["priced_by"] == "tokens"
    assert (result["input_tokens"], result["output_tokens"]) == (1600, 80)
    assert 0 < result["latency_ms_p50"] <= result["latency_ms_p95"]
    assert {name: result[name] for name in ("index", "model", "strategy", "metric")} == {
        "index": 1,
        "model": "nova-micro",
        "strategy": "zero-shot",
        "metric": "rougeL",
    }


def test_a_wrong_answer_lowers_the_figure_and_widens_the_interval(evaluate: Evaluate, cloud: Cloud) -> None:
    right = iter([True, False] * 4)
    cloud.on(
        "bedrock-runtime",
        "Converse",
        lambda p: converse_answer("Summary " + question(p).split("Text ")[1].split()[0] if next(right) else "no"),
    )

    result = evaluate(1)

    assert result["value"] == pytest.approx(0.5)
    assert result["ci"][0] < 0.5 < result["ci"][1]


def test_every_candidate_answers_the_same_records(evaluate: Evaluate, cloud: Cloud) -> None:
    keys = [evaluate(index)["predictions_key"] for index in range(3)]

    answered = [[line["record_id"] for line in cloud.lines("models", key)] for key in keys]

    assert answered[0] == answered[1] == answered[2]
    assert answered[0] == [item.record_id for item in sample(read_split("curated", PREFIX, "validation"), 8)]


def test_latency_is_in_milliseconds_and_compute_is_paid_by_the_second(
    evaluate: Evaluate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONCURRENCY", "1")
    ticks = itertools.count(start=100, step=2)
    monkeypatch.setattr(time, "perf_counter", lambda: next(ticks))

    results = [evaluate(index) for index in (0, 1)]

    assert [result["latency_ms_p50"] for result in results] == [2000, 2000]
    assert results[0]["usd_per_1k_requests"] == 1000 * 2 * 0.001
    assert results[0]["priced_by"] == "seconds"


def test_a_customized_model_whose_price_is_not_known_has_no_cost_and_none_is_made_up(
    evaluate: Evaluate, context: Context, run: dict[str, Any], cloud: Cloud
) -> None:
    evaluate(1)
    candidate = {**run["candidates"][1], "model": "nova-micro-customized", "price": None}
    result = handle({"run": run, "candidate": candidate}, context)
    assert (result["usd_per_1k_requests"], result["priced_by"]) == (None, None)
    assert cloud.document("models", str(result["result_key"]))["usd_per_1k_requests"] is None
    assert result["output_tokens"]


def test_a_candidate_of_the_settings_without_a_price_is_refused(
    evaluate: Evaluate, context: Context, run: dict[str, Any]
) -> None:
    run["candidates"][1]["price"] = None
    with pytest.raises(InvalidEvent, match="The field 'price' is missing"):
        evaluate(1)
    del run["candidates"][1]["price"]
    with pytest.raises(InvalidEvent, match="The field 'price' is missing"):
        handle({"run": {**run, "candidates": run["candidates"][:1]}, "candidate": run["candidates"][1]}, context)


def test_result_and_predictions_are_stored_beside_each_other(evaluate: Evaluate, cloud: Cloud) -> None:
    result = evaluate(1)

    assert result["result_key"] == "run=run-7/candidates/1-nova-micro-zero-shot.json"
    stored = cloud.document("models", result["result_key"])
    assert len(stored.pop("of")) == 64
    assert stored == {**result, "run_id": "run-7", "prompt_turns": []}
    line = cloud.lines("models", result["predictions_key"])[0]
    assert sorted(line) == ["latency_ms", "output", "prompt", "record_id", "reference", "score"]


def test_progress_is_printed_up_to_the_end(evaluate: Evaluate, capsys: pytest.CaptureFixture[str]) -> None:
    evaluate(1)

    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("PROGRESS ")]
    assert '"done": 8, "total": 8, "unit": "examples"' in lines[-1]
    assert '"model": "nova-micro"' in lines[-1]


def test_running_out_of_time_is_said_before_lambda_ends_the_function(
    evaluate: Evaluate, context: Context, cloud: Cloud
) -> None:
    context.millis = reserve_millis(8) + 50
    release = threading.Event()

    def stuck(params: Params) -> Mapping[str, Any]:
        release.wait(10)
        return converse_answer("x")

    cloud.on("bedrock-runtime", "Converse", stuck)
    try:
        with pytest.raises(EvaluationTimedOut, match=r"after 0 of 8 records.*Lower selection.sample_size"):
            evaluate(1)
    finally:
        release.set()


def test_a_validation_split_that_says_nothing_is_refused(evaluate: Evaluate, cloud: Cloud, record: Curated) -> None:
    for key in [key for key in cloud.objects if "validation" in key[1]]:
        del cloud.objects[key]
    cloud.put("curated", f"{PREFIX}validation/part-00000.jsonl", *(record(f"v{n}") for n in range(4)))

    with pytest.raises(TooFewRecords, match=r"holds 4 records and 5 are needed.*Set data.split.validation to 0.3, or"):
        evaluate(1)

    cloud.put("curated", f"{PREFIX}validation/part-00001.jsonl", record("v5"))
    assert evaluate(1)["examples"] == 5
