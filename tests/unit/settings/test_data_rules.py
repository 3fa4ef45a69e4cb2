"""Records, splits and outputs: values that make no sense together are refused, their harmless neighbours are not."""

from __future__ import annotations

from typing import Any

import pytest

from pipelines.formats.outputs import OUTPUTS
from tests.unit.settings.conftest import Load, Problems, found


@pytest.mark.parametrize(("least", "most"), [("min_words", "max_words"), ("min_target_words", "max_target_words")])
def test_word_limits_must_leave_room(
    load: Load, problems: Problems, document: dict[str, Any], least: str, most: str
) -> None:
    document["data"]["filters"] = {least: 10, most: 9}
    assert [key for key, _ in found(problems(document))] == [f"data.filters.{least}"]
    document["data"]["filters"] = {least: 10, most: 10}
    load(document)


@pytest.mark.parametrize("what", ["words", "word_length"])
def test_thresholds_of_gopher_must_leave_room(
    load: Load, problems: Problems, document: dict[str, Any], what: str
) -> None:
    document["data"]["quality"] = {"thresholds": {f"gopher_min_{what}": 9, f"gopher_max_{what}": 8}}
    assert [key for key, _ in found(problems(document))] == [f"data.quality.thresholds.gopher_min_{what}"]
    document["data"]["quality"] = {"thresholds": {f"gopher_min_{what}": 9, f"gopher_max_{what}": 9}}
    load(document)


def test_validation_and_test_may_hold_out_half_and_no_more(
    load: Load, problems: Problems, document: dict[str, Any]
) -> None:
    document["data"]["split"] = {"validation": 0.25, "test": 0.26}
    assert found(problems(document)) == [
        ("data.split.test", "validation and test together hold out 51% of the records")
    ]
    document["data"]["split"] = {"validation": 0.2, "test": 0.3}
    load(document)


def test_chat_is_among_the_outputs_and_none_is_there_twice(
    load: Load, problems: Problems, document: dict[str, Any]
) -> None:
    document["data"]["outputs"] = ["parquet", "parquet"]
    assert found(problems(document)) == [
        ("data.outputs", "`chat` is missing, which training and evaluation read"),
        ("data.outputs", "`parquet` is named more than once"),
    ]
    document["data"]["outputs"] = []
    assert [key for key, _ in found(problems(document))] == ["data.outputs"]
    document["data"]["outputs"] = ["chat", "csv"]
    assert [key for key, _ in found(problems(document))] == ["data.outputs[1]"]
    document["data"]["outputs"] = ["parquet", "chat"]
    assert load(document).data.outputs == ("parquet", "chat")


def test_every_output_that_can_be_written_can_be_named(load: Load, document: dict[str, Any]) -> None:
    document["data"]["outputs"] = list(OUTPUTS)
    assert load(document).data.outputs == OUTPUTS


def test_a_split_by_strata_looks_for_near_duplicates(load: Load, problems: Problems, document: dict[str, Any]) -> None:
    document["data"] |= {"split": {"stratify": "target"}, "near_duplicates": {"action": "off"}}
    (problem,) = problems(document)
    assert (problem.key, problem.remedy) == ("data.near_duplicates.action", "Set it to drop or keep.")
    document["data"]["near_duplicates"] = {"action": "keep"}
    load(document)


def test_the_smallest_data_set_must_fill_every_split(load: Load, problems: Problems, document: dict[str, Any]) -> None:
    document["data"] |= {"minimum_records": 49, "split": {"test": 0.02}}
    (problem,) = problems(document)
    assert (problem.key, problem.remedy) == (
        "data.minimum_records",
        "Ask for at least 50 records, or enlarge the split.",
    )
    document["data"]["minimum_records"] = 50
    load(document)


def test_the_evaluation_set_is_another_data_set_and_needs_the_search_for_near_duplicates(
    problems: Problems, document: dict[str, Any]
) -> None:
    document["data"] |= {"evaluation_set": "news", "near_duplicates": {"action": "off"}}
    assert [key for key, _ in found(problems(document))] == ["data.evaluation_set", "data.near_duplicates.action"]


def test_tokens_are_counted_where_a_model_is_tuned_and_may_be_more_than_it_is_trained_on(
    problems: Problems, load: Load, document: dict[str, Any]
) -> None:
    document["data"]["filters"] = {"max_tokens": 4000}
    document["tuning"] = {"enabled": True, "max_length": 256}
    assert load(document).data.filters.max_tokens == 4000
    document["tuning"] = {"enabled": False}
    assert [key for key, _ in found(problems(document))] == ["data.filters.max_tokens"]


def test_no_tokens_are_counted_by_default_whatever_is_tuned(load: Load, document: dict[str, Any]) -> None:
    document["tuning"] = {"enabled": False}
    assert load(document).data.filters.max_tokens == 0
