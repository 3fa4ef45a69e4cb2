"""A search may try what the settings would allow, and nothing else; and a run does not set what is searched."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from cdk_app.settings import Problem, Settings
from cdk_app.settings.declarations import declarations
from cdk_app.settings.run import run_settings
from cdk_app.settings.search import HYPERPARAMETERS, ONLY_FOR

Load = Callable[..., Settings]
Problems = Callable[..., list[Problem]]
RATE = {"setting": "learning_rate", "minimum": 1e-5, "maximum": 1e-3, "scale": "logarithmic"}
RANK = {"setting": "rank", "values": [8, 16, 32]}


def with_search(document: dict[str, Any], *ranges: dict[str, Any], **search: Any) -> dict[str, Any]:
    given = dict(search)
    tuning = given.pop("tuning", {})
    return document | {"tuning": tuning | {"search": {"ranges": [*ranges], **given}}}


def test_what_can_be_searched_are_settings_of_tuning() -> None:
    assert all(("tuning", name) in declarations() for name in (*HYPERPARAMETERS, *ONLY_FOR))


def test_without_the_section_nothing_is_searched(load: Load, document: dict[str, Any]) -> None:
    assert load(document).tuning.search is None


def test_a_search_has_defaults_for_all_but_its_ranges(load: Load, document: dict[str, Any]) -> None:
    search = load(with_search(document, RATE, RANK)).tuning.search
    assert search is not None
    assert (search.strategy, search.trials, search.at_once, search.early_stopping) == ("bayesian", 8, 1, False)
    assert search.settings == ("learning_rate", "rank")
    assert search.ranges[1].values == (8, 16, 32)


@pytest.mark.parametrize(
    ("one", "key", "message"),
    [
        ({"setting": "learning_rate"}, "", "a range has either two ends or a list of values"),
        ({"setting": "learning_rate", "minimum": 1e-4}, "", "a range has either two ends or a list of values"),
        (RATE | {"values": [1e-4, 1e-5]}, "", "a range has either two ends or a list of values"),
        (
            RATE | {"maximum": 0.5},
            ".maximum",
            "`0.5` is not between 1e-07 and 0.01, as `tuning.learning_rate` has to be",
        ),
        (RATE | {"minimum": 1e-3, "maximum": 1e-4}, ".maximum", "`0.0001` is not above the minimum `0.001`"),
        ({"setting": "rank", "values": [8, 1.5]}, ".values", "`1.5` is not a whole number"),
        ({"setting": "rank", "values": [8, "many"]}, ".values", "`many` is not a number"),
        (
            {"setting": "schedule", "values": ["cosine", "sine"]},
            ".values",
            "`sine` is none of cosine, linear, constant",
        ),
        ({"setting": "schedule", "minimum": 1, "maximum": 2}, "", "`schedule` is no number"),
        (
            {"setting": "dropout", "minimum": 0, "maximum": 0.2, "scale": "logarithmic"},
            ".minimum",
            "a logarithmic scale begins above 0",
        ),
        ({"setting": "trained_layers", "values": [1, 2]}, ".setting", "method `lora` does not read `trained_layers`"),
        ({"setting": "seed", "values": [1, 2]}, ".setting", "`seed` cannot be searched"),
    ],
)
def test_a_range_that_no_trial_could_be_drawn_from_is_refused(
    problems: Problems, document: dict[str, Any], one: dict[str, Any], key: str, message: str
) -> None:
    [problem] = problems(with_search(document, one, trials=2))
    assert (problem.key, problem.message) == (f"tuning.search.ranges[0]{key}", message)
    assert problem.remedy


def test_a_setting_is_searched_once(problems: Problems, document: dict[str, Any]) -> None:
    [problem] = problems(with_search(document, RATE, RATE))
    assert problem.key == "tuning.search.ranges[1].setting"


def test_there_are_no_more_trials_than_combinations_and_no_more_at_once_than_in_all(
    problems: Problems, load: Load, document: dict[str, Any]
) -> None:
    [problem] = problems(with_search(document, RANK, {"setting": "epochs", "minimum": 1, "maximum": 2}, trials=7))
    assert (problem.key, problem.message[:44]) == (
        "tuning.search.trials",
        "7 trials are more than the 6 combinations of",
    )
    assert load(with_search(document, RANK, {"setting": "epochs", "minimum": 1, "maximum": 2}, trials=6))
    [problem] = problems(with_search(document, RATE, trials=2, at_once=3))
    assert problem.key == "tuning.search.at_once"


def test_a_run_cannot_override_what_is_searched_and_does_not_carry_the_search(
    load: Load, document: dict[str, Any]
) -> None:
    before = run_settings(load(document))
    searched = run_settings(load(with_search(document, RATE, RANK)))
    assert before["bounds"].keys() - searched["bounds"].keys() == {
        "tuning.learning_rate",
        "tuning.method",
        "tuning.rank",
    }
    assert searched["defaults"] == before["defaults"]
    assert "search" not in searched["defaults"]["tuning"]


@pytest.mark.parametrize(
    ("one", "closed"), [(RANK, {"tuning.rank", "tuning.method"}), (RATE, {"tuning.learning_rate"})]
)
def test_a_run_cannot_choose_a_method_that_does_not_read_what_is_searched(
    load: Load, document: dict[str, Any], one: dict[str, Any], closed: set[str]
) -> None:
    before, searched = (run_settings(load(each))["bounds"] for each in (document, with_search(document, one, trials=2)))
    assert before.keys() - searched.keys() == closed
