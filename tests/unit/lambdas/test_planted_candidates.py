"""Candidates whose worth is known go through both functions of the selection: the right one wins, and it is said why.

Bedrock is scripted: an oracle gives the target, a copier the text, a guesser always the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import pytest

from lambdas.evaluate_candidate.handler import handle as evaluate
from lambdas.select_model.choosing import VacuousFloor
from lambdas.select_model.handler import handle as select

if TYPE_CHECKING:
    from tests.unit.lambdas.conftest import Cloud, Context

Params = Mapping[str, Any]
Script = Callable[[str, str], str]
THINGS = ("bucket", "table", "queue", "topic", "stream", "cluster", "key", "alarm")
CHEAP = {"usd_per_1k_input_tokens": 0.1, "usd_per_1k_output_tokens": 0.4}
DEAR = {"usd_per_1k_input_tokens": 1.0, "usd_per_1k_output_tokens": 4.0}

TARGETS: dict[str, Callable[[int], str]] = {
    "summarization": lambda n: f"Removes {THINGS[n % 8]} number {n} for good.",
    "classification": lambda n: ("Storage", "Messaging", "Storage", "Security")[n % 4],
    "question_answering": lambda n: f"the {THINGS[n % 8]} {n}",
}
METRICS = {"summarization": "rougeL", "classification": "macroF1", "question_answering": "exactMatch"}


def oracle(_: str, target: str) -> str:
    return target


def copier(text: str, _: str) -> str:
    return text


def talker(_: str, target: str) -> str:
    return f"The answer is: {target}."


def guesser(_: str, __: str) -> str:
    return "Storage"


@pytest.fixture
def compare(
    cloud: Cloud, context: Context, run: dict[str, Any], record: Callable[..., Any]
) -> Callable[..., dict[str, Any]]:
    """Let scripted models answer forty records, and select among them."""

    def start(kind: str, *models: tuple[str, Script, dict[str, float]], **changes: Any) -> dict[str, Any]:
        run["task"]["kind"], run["metric"], run["sample_size"] = kind, METRICS[kind], 40
        run.update(changes)
        texts = [
            f"This call concerns {THINGS[n % 8]} {n}. It cannot be undone, and it is billed by the request. "
            f"Whoever makes it must have the permission, and the name must be known."
            for n in range(80)
        ]
        targets = [TARGETS[kind](n) for n in range(80)]
        records = [record(f"r{n}", text, target) for n, (text, target) in enumerate(zip(texts, targets, strict=True))]
        prefix = f"news/run={run['run_id']}/"
        cloud.put("curated", f"{prefix}validation/part-00000.jsonl", *records[:40])
        cloud.put("curated", f"{prefix}train/part-00000.jsonl", *records[40:])
        wanted = dict(zip(texts, targets, strict=True))
        scripts = {f"id-{name}": script for name, script, _ in models}

        def answer(params: Params) -> Mapping[str, Any]:
            text = params["messages"][-1]["content"][0]["text"].split("\n\n", 1)[1]
            said = scripts[params["modelId"]](text, wanted[text])
            return {
                "output": {"message": {"role": "assistant", "content": [{"text": said}]}},
                "stopReason": "end_turn",
                "usage": {"inputTokens": 50, "outputTokens": 10, "totalTokens": 60},
                "metrics": {"latencyMs": 5},
            }

        cloud.on("bedrock-runtime", "Converse", answer)
        run["candidates"] = [
            {
                "index": index,
                "model": name,
                "model_id": f"id-{name}",
                "platform": "bedrock",
                "strategy": "zero-shot",
                "examples": 0,
                "choose": "first",
                "price": price,
            }
            for index, (name, _, price) in enumerate(models)
        ]
        results = [evaluate({"run": run, "candidate": candidate}, context) for candidate in run["candidates"]]
        return {"results": results} | select({"run": run, "candidates": results}, context)

    return start


@pytest.mark.parametrize("kind", METRICS)
def test_an_oracle_wins_over_a_cheaper_copier_whatever_the_task(
    compare: Callable[..., dict[str, Any]], kind: str
) -> None:
    found = compare(kind, ("copier", copier, CHEAP), ("oracle", oracle, DEAR))

    assert found["chosen"]["model"] == "oracle"
    assert found["chosen"]["value"] == 1.0
    assert [verdict["verdict"] for verdict in found["verdicts"]] == ["refused", "chosen"]


def test_a_copier_invents_nothing_and_is_marked_down_for_its_length(compare: Callable[..., dict[str, Any]]) -> None:
    found = compare("summarization", ("copier", copier, CHEAP), ("oracle", oracle, DEAR))
    copied, said = (result["faithfulness"] for result in found["results"])

    assert (copied["unsupported_sentences"], copied["copied"], copied["compression"]) == (0, 1, 1)
    assert copied["score"] == 0 < said["score"]


def test_of_two_oracles_the_cheap_one_wins_and_the_dear_one_is_told_so(compare: Callable[..., dict[str, Any]]) -> None:
    found = compare("summarization", ("dear", oracle, DEAR), ("cheap", oracle, CHEAP))

    assert found["chosen"]["model"] == "cheap"
    assert "but cheap (zero-shot) costs $9.0000 per 1,000 requests and it $90.0000" in found["verdicts"][0]["words"]


def test_a_slow_model_that_is_paid_by_the_second_loses_to_a_quick_one(
    compare: Callable[..., dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = {"now": 0.0}

    def took(seconds: float) -> Script:
        def answer(_: str, target: str) -> str:
            clock["now"] += seconds
            return target

        return answer

    monkeypatch.setenv("CONCURRENCY", "1")
    monkeypatch.setattr("lambdas.shared.converse.time.perf_counter", lambda: clock["now"])
    by_the_second = {"usd_per_second": 0.001}

    found = compare("summarization", ("slow", took(9), by_the_second), ("quick", took(1), by_the_second))

    assert found["chosen"]["model"] == "quick"
    assert [result["latency_ms_p50"] for result in found["results"]] == [9000, 1000]
    assert [result["usd_per_1k_requests"] for result in found["results"]] == [9, 1]


def test_a_model_that_wraps_the_label_in_a_sentence_has_given_it(compare: Callable[..., dict[str, Any]]) -> None:
    found = compare("classification", ("talker", talker, CHEAP), ("oracle", oracle, DEAR))

    assert found["chosen"]["model"] == "talker"


def test_a_guess_of_the_frequent_label_is_what_the_floor_has_to_lie_above(
    compare: Callable[..., dict[str, Any]],
) -> None:
    found = compare("classification", ("guesser", guesser, CHEAP), ("oracle", oracle, DEAR), floor=0.3)
    guessed = found["results"][0]

    assert guessed["value"] == guessed["chance"] == pytest.approx((2 / 3) / 3, abs=1e-6)
    assert found["chosen"]["model"] == "oracle"
    with pytest.raises(VacuousFloor):
        compare("classification", ("g2", guesser, CHEAP), ("o2", oracle, DEAR), floor=0.2, run_id="run-8")
