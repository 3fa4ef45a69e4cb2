"""What a run may override is judged before the deployment as the deployed state machine's first function judges it."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdk_app.settings import Settings, load_settings, override_problems, run_settings
from lambdas.resolve_run.overrides import apply_overrides, gate_problems
from lambdas.resolve_run.settings import parse_settings

CASES: dict[str, dict[str, Any]] = {
    "nothing": {},
    "a section without a setting": {"tuning": {}},
    "good ones": {"tuning": {"epochs": 2, "learning_rate": 0.001}, "dataset": "contracts", "approval": "manual"},
    "a whole number for a number": {"tuning": {"dropout": 0}},
    "above the maximum": {"tuning": {"epochs": 21}},
    "below the minimum": {"tuning": {"rank": 0}},
    "a gate that would open": {"selection": {"floor": 0.1}},
    "a gate that is too weak": {"data": {"minimum_records": 99}},
    "longer than can be served": {"tuning": {"max_length": 100_000}},
    "a fraction for a whole number": {"tuning": {"epochs": 1.5}},
    "text for a number": {"tuning": {"epochs": "2"}},
    "true for a number": {"tuning": {"epochs": True}},
    "nothing for a number": {"tuning": {"epochs": None}},
    "not a number": {"selection": {"floor": float("nan")}},
    "endless": {"selection": {"floor": float("inf")}},
    "a name of the wrong form": {"dataset": "My Data"},
    "a name with a line end": {"dataset": "contracts\n"},
    "a machine with a line end": {"tuning": {"instance_type": "ml.g5.xlarge\n"}},
    "a whole number that no float holds": {"data": {"minimum_records": 10**400}},
    "such a number for a number": {"selection": {"floor": -(10**400)}},
    "no such choice": {"approval": "sometimes"},
    "a list for a choice": {"approval": ["manual"]},
    "a misspelt setting": {"tuning": {"epoch": 2}},
    "a misspelt section": {"tunning": {"epochs": 2}},
    "a section's name for a value": {"tuning": 2},
    "a dotted name": {"tuning.epochs": 2},
    "a setting that only a deployment changes": {"tuning": {"model": "nova-micro"}},
    "a section that only a deployment changes": {"serving": {"max_output_tokens": 9}},
    "a name of the settings file that runs call otherwise": {"data": {"dataset": "contracts"}},
    "several": {"tuning": {"epochs": 0, "rnk": 1}, "aproval": "manual", "selection": []},
}
WORKFLOW = Path(__file__).parents[3] / "workflow.yaml"


@cache
def settings(environment: str) -> Settings:
    return load_settings(WORKFLOW, environment)


def here(environment: str, overrides: dict[str, Any]) -> list[str]:
    return sorted(problem.partition(": ")[0] for problem in override_problems(settings(environment), overrides))


def there(environment: str, overrides: dict[str, Any]) -> list[str]:
    merged, problems = apply_overrides(parse_settings(run_settings(settings(environment)), "here"), overrides)
    return sorted(problem.partition(": ")[0] for problem in [*problems, *gate_problems(merged)])


@pytest.mark.parametrize("environment", ["twin", "prod"])
@pytest.mark.parametrize("name", CASES)
def test_each_input_is_judged_as_the_deployed_function_judges_it(environment: str, name: str) -> None:
    assert here(environment, CASES[name]) == there(environment, CASES[name])


def test_the_cases_are_not_all_good_and_not_all_bad() -> None:
    good = {name for name, overrides in CASES.items() if not here("twin", overrides)}
    assert good == {
        "nothing",
        "a section without a setting",
        "good ones",
        "a whole number for a number",
        "a dotted name",
    }


BOUNDS = run_settings(settings("twin"))["bounds"]
VALUES: st.SearchStrategy[Any] = st.sampled_from(
    [None, True, -1, 0, 7, 0.5, 1e9, 10**400, float("nan"), "", "x", "x\n", "manual", "ml.g5.xlarge", [], [1], {}]
)
EDGES = {
    name: [bound[key] + step for key in ("minimum", "maximum") if key in bound for step in (-1, 0, 1)]
    for name, bound in BOUNDS.items()
}


@st.composite
def inputs(draw: st.DrawFn) -> dict[str, Any]:
    """Draw an input of some settings, a few of them misspelt, with values at and about their bounds or of any kind."""
    found: dict[str, Any] = {}
    for name in draw(st.lists(st.sampled_from(sorted(BOUNDS)), max_size=5)):
        section, _, key = name.rpartition(".")
        value = draw(st.one_of(VALUES, st.sampled_from(EDGES[name])) if EDGES[name] else VALUES)
        key = draw(st.sampled_from([key, key, key, f"{key}s"]))
        inner = found.setdefault(section, {}) if section else found
        inner[key] = value
    return found


@given(inputs())
def test_any_input_is_judged_as_the_deployed_function_judges_it(overrides: dict[str, Any]) -> None:
    assert here("twin", overrides) == there("twin", overrides)


@pytest.mark.parametrize(
    ("overrides", "problem"),
    [
        ({"tuning": {"epochs": 21}}, "tuning.epochs: 21 is not allowed. Give an integer from 1 to 20."),
        ({"selection": {"floor": 0.1}}, "selection.floor: 0.1 is not allowed. Give a number from 0.2 to 0.99."),
        ({"approval": "no"}, 'approval: "no" is not allowed. Choose `manual` or `automatic`.'),
        ({"tuning": {"epoch": 2}}, "tuning.epoch: there is no such setting. Did you mean `tuning.epochs`?"),
        ({"serving": {"max_output_tokens": 9}}, "serving: one run cannot override it. Change the settings file."),
        (
            {"dataset": "contracts\n"},
            r'dataset: "contracts\n" is not allowed. Give a string that matches ^[a-z0-9][a-z0-9-]{0,62}$.',
        ),
        ({"tuning": 2}, "tuning: 2 is not a section. Write its settings below it."),
    ],
)
def test_a_problem_says_what_is_wrong_and_what_to_do(overrides: dict[str, Any], problem: str) -> None:
    assert override_problems(settings("twin"), overrides) == [problem]
