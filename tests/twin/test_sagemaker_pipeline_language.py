"""The language of pipeline definitions: expressions, conditions, parameters, durations."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.sagemaker.pipeline import conditions, durations, parameters
from twin.sagemaker.pipeline.expressions import (
    ExpressionError,
    Values,
    is_expression,
    look_up,
    parts_of,
    steps_referred_to,
)
from twin.sagemaker.pipeline.parameters import Parameter, ParameterError

REPORT = {"tuned": {"rougeL": 0.4, "by length": [1, 2]}}
STEPS = {
    "Train": {"ModelArtifacts": {"S3ModelArtifacts": "s3://b/model.tar.gz"}},
    "Evaluate": {
        "ProcessingOutputConfig": {
            "Outputs": [
                {"OutputName": "log", "S3Output": {"S3Uri": "s3://b/log"}},
                {"OutputName": "report", "S3Output": {"S3Uri": "s3://b/report"}},
            ]
        }
    },
}
VALUES = Values(
    {"Epochs": 3, "Rate": 5e-4, "Name": "run"}, {"PipelineExecutionId": "abc"}, dict(STEPS), lambda step, name: REPORT
)
JSON_GET = {"Std:JsonGet": {"PropertyFile": {"Get": "Steps.Evaluate.PropertyFiles.Report"}, "Path": "tuned.rougeL"}}


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ({"Get": "Parameters.Epochs"}, 3),
        ({"Get": "Execution.PipelineExecutionId"}, "abc"),
        ({"Get": "Steps.Train.ModelArtifacts.S3ModelArtifacts"}, "s3://b/model.tar.gz"),
        ({"Get": "Steps.Evaluate.ProcessingOutputConfig.Outputs['report'].S3Output.S3Uri"}, "s3://b/report"),
        ({"Get": "Steps.Evaluate.ProcessingOutputConfig.Outputs[0].S3Output.S3Uri"}, "s3://b/log"),
        ({"Std:Join": {"On": "/", "Values": ["s3:/", {"Get": "Parameters.Name"}, ""]}}, "s3://run/"),
        ({"Std:Join": {"On": "", "Values": [{"Get": "Parameters.Rate"}]}}, "0.0005"),
        ({"Std:Join": {"On": "-", "Values": [1, True, "x", JSON_GET]}}, "1-true-x-0.4"),
        (JSON_GET, 0.4),
    ],
)
def test_an_expression_has_its_value_wherever_it_stands(expression: Any, value: Any) -> None:
    assert VALUES.resolve(expression) == value
    assert VALUES.resolve({"a": [1, expression]}) == {"a": [1, value]}


@pytest.mark.parametrize(
    ("expression", "problem"),
    [
        ({"Get": "Parameters.Colour"}, "Colour"),
        ({"Get": "Steps.Train.ModelArtifacts.Size"}, "Size"),
        ({"Get": "Steps.Evaluate.ProcessingOutputConfig.Outputs['missing'].S3Output"}, "missing"),
        ({"Get": "Steps.Evaluate.ProcessingOutputConfig.Outputs[7]"}, "7"),
        ({"Std:JsonGet": {**JSON_GET["Std:JsonGet"], "Path": "tuned.bleu"}}, "Report: tuned.bleu"),
    ],
)
def test_what_is_not_there_is_named(expression: Any, problem: str) -> None:
    with pytest.raises(ExpressionError, match=problem.replace("[", r"\[")):
        VALUES.resolve(expression)


def test_a_map_with_more_than_an_expression_is_no_expression() -> None:
    assert not is_expression({"Get": "Parameters.Epochs", "Other": 1})
    assert VALUES.resolve({"Get": "x", "Other": {"Get": "Parameters.Epochs"}}) == {"Get": "x", "Other": 3}


@pytest.mark.parametrize("path", ["", "a..b", "a[", "a[x]", "a['b", "$"])
def test_what_is_no_path_is_refused(path: str) -> None:
    with pytest.raises(ExpressionError):
        parts_of(path)


KEYS = st.text(st.characters(codec="ascii", exclude_characters="[]'\"."), min_size=1)


@given(st.lists(KEYS | st.integers(0, 9), min_size=1, max_size=6))
def test_a_path_leads_to_where_it_was_laid(path: list[str | int]) -> None:
    data: Any = "found"
    for part in reversed(path):
        data = {part: data} if isinstance(part, str) else [None] * part + [data]
    text = "".join(f"['{part}']" if isinstance(part, str) else f"[{part}]" for part in path)
    assert look_up(data, parts_of(text), text) == "found"


def test_the_steps_that_expressions_need_are_found_within_others() -> None:
    join = {"Std:Join": {"On": "", "Values": [JSON_GET, {"Get": "Steps.Train.TrainingJobName"}]}}
    assert steps_referred_to({"a": [join, {"Get": "Parameters.Epochs"}]}) == {"Evaluate", "Train"}


# ---- conditions ----------------------------------------------------------------------------------------


def holds(condition: Any) -> bool:
    assert conditions.problems(condition, "here") == []
    return conditions.holds(condition, VALUES.resolve)


def compare(kind: str, left: Any, right: Any) -> dict[str, Any]:
    return {"Type": kind, "LeftValue": left, "RightValue": right}


@given(st.integers() | st.floats(allow_nan=False), st.integers() | st.floats(allow_nan=False))
def test_comparisons_of_numbers_are_those_of_arithmetic(left: float, right: float) -> None:
    assert holds(compare("GreaterThan", left, right)) == (left > right)
    assert holds(compare("GreaterThanOrEqualTo", left, right)) == (left >= right)
    assert holds(compare("LessThan", left, right)) == (left < right)
    assert holds(compare("LessThanOrEqualTo", left, right)) == (left <= right)
    assert holds(compare("Equals", left, right)) == (left == right)


@given(st.booleans(), st.booleans())
def test_conditions_combine(first: bool, second: bool) -> None:
    one, two = compare("Equals", first, True), compare("Equals", second, True)
    assert holds({"Type": "And", "Conditions": [one, two]}) == (first and second)
    assert holds({"Type": "Or", "Conditions": [one, two]}) == (first or second)
    assert holds({"Type": "Not", "Expression": one}) == (not first)


def test_in_looks_among_values_that_may_be_expressions() -> None:
    wanted = {"Type": "In", "QueryValue": {"Get": "Parameters.Name"}, "Values": ["other", {"Get": "Parameters.Name"}]}
    assert holds(wanted)
    assert not holds({**wanted, "Values": ["other"]})


def test_true_is_not_one() -> None:
    assert not holds(compare("Equals", True, 1))


@pytest.mark.parametrize(("left", "right"), [("3", 2), (None, 1), (True, 0)])
def test_what_has_no_order_is_not_compared(left: Any, right: Any) -> None:
    with pytest.raises(ExpressionError, match="cannot compare"):
        holds(compare("GreaterThan", left, right))


@pytest.mark.parametrize(
    "condition",
    [
        {"Type": "Resembles", "LeftValue": 1, "RightValue": 1},
        {"Type": "Equals", "LeftValue": 1},
        {"Type": "Not", "Expression": {"Type": "Maybe"}},
        {"Type": "Or", "Conditions": [{"Type": "Equals"}]},
        "Equals",
    ],
)
def test_a_malformed_condition_is_refused(condition: Any) -> None:
    assert conditions.problems(condition, "here")


# ---- parameters ----------------------------------------------------------------------------------------

DECLARED = [
    Parameter("Prefix", "String"),
    Parameter("Epochs", "Integer", 1),
    Parameter("Rate", "Float", 0.1),
    Parameter("Fast", "Boolean", False),
    Parameter("Size", "String", "small", ("small", "large")),
]


def test_values_come_as_text_and_get_their_types() -> None:
    given_values = {"Prefix": "s3://b", "Epochs": "3", "Rate": "5e-4", "Fast": "true", "Size": "large"}
    assert parameters.values(DECLARED, given_values) == {
        "Prefix": "s3://b",
        "Epochs": 3,
        "Rate": 0.0005,
        "Fast": True,
        "Size": "large",
    }


def test_what_is_not_given_has_its_default() -> None:
    assert parameters.values(DECLARED, {"Prefix": "p"})["Epochs"] == 1


def test_everything_that_is_wrong_with_the_values_is_reported_together() -> None:
    with pytest.raises(ParameterError) as error:
        parameters.values(DECLARED, {"Epochs": "many", "Rate": "x", "Fast": "perhaps", "Size": "huge", "Colour": "red"})
    for name in ("Prefix", "Epochs", "Rate", "Fast", "Size", "Colour"):
        assert name in str(error.value)


@given(st.integers())
def test_an_integer_survives_its_way_as_text(number: int) -> None:
    assert parameters.read(Parameter("N", "Integer"), str(number)) == number


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_float_survives_its_way_as_text(number: float) -> None:
    assert parameters.read(Parameter("N", "Float"), json.dumps(number)) == number


@pytest.mark.parametrize("value", ["1.5", "", "1e3", True, 1.5])
def test_what_is_no_integer_is_refused(value: Any) -> None:
    with pytest.raises(ParameterError):
        parameters.read(Parameter("N", "Integer"), value)


# ---- durations -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("P30D", 2_592_000), ("PT1H30M", 5_400), ("p1w", 604_800), ("P1DT12H", 129_600), ("PT5S", 5), ("P1Y", 31_536_000)],
)
def test_durations_are_those_of_iso_8601(text: str, seconds: int) -> None:
    assert durations.seconds(text) == seconds


@pytest.mark.parametrize("text", ["", "P", "PT", "30D", "P1H", "soon"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="ISO 8601"):
        durations.seconds(text)
