"""Rules hold on a file that has other mistakes in it, and keep silent about values that are wrong by themselves."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.settings.conftest import EXTRACTIVE, Problems, found


def test_an_illegal_pair_is_reported_beside_a_bad_bound_in_the_same_section(
    problems: Problems, document: dict[str, Any]
) -> None:
    document["serving"] = {"memory_mb": 5, "instance_type": "ml.g5.xlarge"}
    assert {key for key, _ in found(problems(document))} == {"serving.memory_mb", "serving.instance_type"}


def test_an_illegal_pair_is_reported_beside_a_missing_key_in_the_same_section(
    problems: Problems, document: dict[str, Any]
) -> None:
    del document["data"]["dataset"]
    document["data"]["split"] = {"validation": 0.5, "test": 0.5}
    assert {key for key, _ in found(problems(document))} == {"data.dataset", "data.split.test"}


def test_rules_keep_silent_about_values_that_are_invalid_by_themselves(
    problems: Problems, document: dict[str, Any]
) -> None:
    document["serving"] = {"mode": "realtime", "instance_type": "ml.g5.xlarge"}
    document["tuning"] = {"model": 3, "max_length": 100_000}
    assert {key for key, _ in found(problems(document))} == {"serving.mode", "tuning.model"}


def test_good_candidates_are_examined_between_broken_ones(problems: Problems, document: dict[str, Any]) -> None:
    document["selection"]["candidates"] = ["x", {"model": "nova-mini"}, {"strategy": "few-shot"}, EXTRACTIVE]
    assert [key for key, _ in found(problems(document))] == [
        "selection.candidates[0]",
        "selection.candidates[1].model",
        "selection.candidates[2].model",
    ]


@pytest.mark.parametrize("nonsense", [3, "many", None, []])
def test_rules_run_beside_a_section_that_is_none(
    problems: Problems, document: dict[str, Any], nonsense: object
) -> None:
    document["data"] |= {"filters": nonsense, "split": {"validation": 0.5, "test": 0.5}}
    assert {key for key, _ in found(problems(document))} == {"data.filters", "data.split.test"}


def test_a_candidate_with_an_unknown_key_is_examined_all_the_same(problems: Problems, document: dict[str, Any]) -> None:
    document["selection"]["candidates"] = [{"model": "nova-mini", "temperature": 1}]
    assert {key for key, _ in found(problems(document))} == {
        "selection.candidates[0].model",
        "selection.candidates[0].temperature",
    }
