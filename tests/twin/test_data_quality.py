"""Glue Data Quality in the twin: each rule with data that meets it and data that breaks it, and the API around."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from cdk_app.checks.state_machines.definitions import state_machines
from tests.synth.optional import optional_assembly
from tests.twin import analytics_account
from tests.twin.analytics_account import Analytics
from tests.twin.helpers import Json, allow, make_role, start, unique, user_client, wait_until
from tests.twin.stack import Stack
from twin.emulator import Emulator
from twin.glue.data_quality.dqdl import UnknownRule, read_rules
from twin.glue.data_quality.evaluation import Outcome, evaluate

COLUMNS = ("text", "label")


def outcome(rule: str, *rows: tuple[Any, Any]) -> Outcome:
    (found,) = evaluate(
        read_rules(f"Rules = [{rule}]"), [dict(zip(COLUMNS, row, strict=True)) for row in rows], COLUMNS
    )
    return found


# ---- rules ----------------------------------------------------------------------------------------------

ONE, TWO = ("a text", "a"), ("another", "b")


@pytest.mark.parametrize(
    ("rule", "met_by", "broken_by"),
    [
        ("RowCount >= 2", [ONE, TWO], [ONE]),
        ("RowCount = 1", [ONE], [ONE, TWO]),
        ("RowCount between 1 and 3", [ONE, TWO], [ONE, TWO, ONE]),  # its bounds are not in it
        ("ColumnCount = 2", [ONE], None),
        ("ColumnCount > 2", None, [ONE]),
        ('ColumnExists "text"', [ONE], None),
        ('ColumnExists "other"', None, [ONE]),
        ('IsComplete "text"', [ONE], [ONE, (None, "a")]),
        ('Completeness "text" >= 0.5', [ONE, (None, "a")], [ONE, (None, "a"), (None, "b")]),
        ('ColumnLength "text" <= 6', [ONE, (None, "a")], [TWO]),
        ('ColumnLength "text" > 0', [ONE], [ONE, (None, "a")]),  # a missing value is an empty text
        ('IsUnique "label"', [ONE, TWO], [ONE, ONE]),
        ('IsUnique "text" "label"', [ONE, ("a text", "b")], [ONE, ONE]),
        ('Uniqueness "label" > 0.4', [ONE, TWO], [ONE, ONE, TWO]),
        ('Uniqueness "label" = 1', [ONE, (None, None), (None, None)], [ONE, ONE]),
        ('ColumnValues "label" in ["a", "b"]', [ONE, TWO], [ONE, ("x", "c")]),
        ('ColumnValues "label" not in ["c"]', [ONE, ("x", None)], [("x", "c")]),
        ('ColumnValues "label" matches "[ab]"', [ONE, TWO], [ONE, ("x", "ab")]),
        ('ColumnValues "label" != "c"', [ONE, ("x", None)], [("x", "c")]),
        ('ColumnValues "label" = "a"', [ONE], [ONE, ("x", None)]),
        ('ColumnValues "label" > 3', [("x", "4")], [("x", "3")]),
        ('ColumnValues "label" in ["a"] with threshold > 0.6', [ONE, ONE, TWO], [ONE, TWO]),
    ],
)
def test_a_rule_passes_what_meets_it_and_fails_what_breaks_it(
    rule: str, met_by: list[tuple[Any, Any]] | None, broken_by: list[tuple[Any, Any]] | None
) -> None:
    if met_by is not None:
        assert outcome(rule, *met_by).result == "PASS"
    if broken_by is not None:
        broken = outcome(rule, *broken_by)
        assert (broken.result, bool(broken.message)) == ("FAIL", True)


def test_a_rule_on_a_column_that_is_not_there_is_an_error() -> None:
    found = outcome('IsComplete "other"', ONE)
    assert (found.result, found.message) == ("ERROR", "There is no column other.")


def test_a_rule_on_values_where_there_are_none_is_no_pass() -> None:
    assert outcome('Completeness "text" >= 0.1').result == "ERROR"
    assert outcome("RowCount >= 1").result == "FAIL"


def test_what_was_measured_is_said() -> None:
    assert outcome('ColumnLength "text" <= 9', ONE, TWO).metrics == {
        "Column.text.MinimumLength": 6,
        "Column.text.MaximumLength": 7,
    }
    assert outcome('Uniqueness "label" > 0', ONE, ONE, TWO).metrics == {"Column.label.Uniqueness": pytest.approx(1 / 3)}


@given(values=st.lists(st.none() | st.sampled_from("abc"), min_size=1), share=st.floats(0, 1))
def test_completeness_holds_exactly_when_the_share_is_reached(values: list[str | None], share: float) -> None:
    bound = f"{share:.6f}"
    found = outcome(f'Completeness "text" >= {bound}', *[(value, "") for value in values])
    assert (found.result == "PASS") == (sum(value is not None for value in values) / len(values) >= float(bound))


@given(values=st.lists(st.sampled_from("abcdef"), min_size=1))
def test_unique_values_are_those_that_occur_once(values: list[str]) -> None:
    found = outcome('Uniqueness "text" >= 0', *[(value, "") for value in values])
    once = sum(values.count(value) == 1 for value in values)
    assert found.metrics["Column.text.Uniqueness"] == pytest.approx(once / len(values))


# ---- the language ---------------------------------------------------------------------------------------


@given(st.text())
def test_a_column_of_any_name_is_read_back(name: str) -> None:
    (rule,) = read_rules(f"Rules = [IsComplete {json.dumps(name)}]")
    assert rule.columns == (name,)


def test_comments_and_line_ends_are_no_part_of_a_rule() -> None:
    rules = read_rules('Rules = [\n  RowCount > 1, # enough\n  IsComplete "a, b"\n]\n')
    assert [rule.text for rule in rules] == ["RowCount > 1", 'IsComplete "a, b"']


@pytest.mark.parametrize(
    ("ruleset", "says"),
    [
        ('Rules = [Entropy "a" > 1]', "does not evaluate rules of type Entropy"),
        ('Rules = [(IsComplete "a") and (IsUnique "a")]', "rules of type ("),
        ('Rules = [IsComplete "a" where "b > 1"]', "'where' after IsComplete \"a\""),
        ("Rules = [RowCount > avg(last(3))]", "with avg"),
        ('Rules = [ColumnValues "a" in ["x", NULL]]', "with NULL"),
        ('Rules = [ColumnLength "a" > 1 with threshold > 0.5]', "'with' after ColumnLength"),
        ('Rules = [RowCount "a" > 1]', "does not take 1 columns"),
        ("Rules = [IsComplete]", "does not take 0 columns"),
        ("Rules = [RowCount > 1] Analyzers = [RowCount]", "does not know Analyzers"),
        ("Rules = []", "rules of type ]"),
        ("Rules = [RowCount > 1", "] is expected in place of its end"),
        ("rules = [RowCount > 1]", "Rules is expected"),
        ("Rules = [RowCount ~ 1]", "no Data Quality Definition Language"),
    ],
)
def test_what_is_not_evaluated_is_refused_by_name(ruleset: str, says: str) -> None:
    with pytest.raises(UnknownRule, match=re.escape(says)):
        read_rules(ruleset)


# ---- the API --------------------------------------------------------------------------------------------

NEEDED = {
    "glue:GetTable": allow(["glue:GetTable"]),
    "glue:GetDataQualityRuleset": allow(["glue:GetDataQualityRuleset"]),
    "glue:GetDataQualityRulesetEvaluationRun": allow(["glue:GetDataQualityRulesetEvaluationRun"]),
    "s3:ListBucket": allow("s3:ListBucket"),
    "s3:GetObject": allow("s3:GetObject"),
}


@pytest.fixture(scope="module")
def analytics(emulator: Emulator) -> Iterator[Analytics]:
    made = analytics_account.deploy(emulator, analytics_account.QUALITY)
    records = [{"documentation": f"text {n}", "summary": "same"} for n in range(9)]
    made.put("Raw", "data.jsonl", [*records, "no json"])
    yield made
    made.stack.delete()


def make_ruleset(emulator: Emulator, *rules: str) -> tuple[Stack, str]:
    stack = Stack(emulator)
    properties = {"Ruleset": f"Rules = [{', '.join(rules)}]"}
    stack.create(Ruleset={"Type": "AWS::Glue::DataQualityRuleset", "Properties": properties})
    return stack, stack.reference("Ruleset")


def run(analytics: Analytics, ruleset: str, *statements: Json) -> Json:
    glue = analytics.emulator.client("glue")
    role = make_role(analytics.emulator, "glue", *(statements or NEEDED.values()))
    source = {"GlueTable": {"DatabaseName": analytics.database, "TableName": "raw"}}
    started = glue.start_data_quality_ruleset_evaluation_run(DataSource=source, Role=role, RulesetNames=[ruleset])
    found: Json = wait_until(
        lambda: glue.get_data_quality_ruleset_evaluation_run(RunId=started["RunId"]),
        lambda seen: seen["Status"] != "RUNNING",
    )
    return found


def results(analytics: Analytics, ended: Json) -> Json:
    assert ended["Status"] == "SUCCEEDED", ended
    (key,) = ended["ResultIds"]
    found: Json = analytics.emulator.client("glue").get_data_quality_result(ResultId=key)
    return found


def test_a_run_evaluates_the_rules_on_the_raw_table(analytics: Analytics) -> None:
    rules = ("RowCount = 10", 'Completeness "documentation" >= 0.9', 'IsComplete "summary"', 'IsUnique "summary"')
    _, name = make_ruleset(analytics.emulator, *rules)
    found = results(analytics, run(analytics, name))
    assert [rule["Result"] for rule in found["RuleResults"]] == ["PASS", "PASS", "FAIL", "FAIL"]
    assert [rule["Description"] for rule in found["RuleResults"]] == list(rules)
    assert found["RuleResults"][2]["EvaluatedMetrics"] == {"Column.summary.Completeness": 0.9}
    assert (found["Score"], found["RulesetName"]) == (0.5, name)


def test_the_ruleset_of_the_templates_is_evaluated(analytics: Analytics) -> None:
    name = analytics.ruleset
    found = results(analytics, run(analytics, name))
    broken = [rule["Description"] for rule in found["RuleResults"] if rule["Result"] != "PASS"]
    assert broken == ["RowCount >= 100"]  # the test has ten


@pytest.mark.parametrize("missing", list(NEEDED))
def test_a_run_is_judged_as_its_role(analytics: Analytics, missing: str) -> None:
    _, name = make_ruleset(analytics.emulator, "RowCount > 0")
    statements = [statement for action, statement in NEEDED.items() if action != missing]
    ended = run(analytics, name, *statements)
    assert ended["Status"] == "FAILED"
    assert missing in ended["ErrorString"]


def test_whoever_starts_a_run_needs_the_ruleset_and_may_pass_the_role(analytics: Analytics) -> None:
    emulator = analytics.emulator
    (_, name), role = make_ruleset(emulator, "RowCount > 0"), make_role(emulator, "glue", *NEEDED.values())
    ruleset = f"arn:aws:glue:us-east-1:000000000000:dataQualityRuleset/{name}"
    start = allow("glue:StartDataQualityRulesetEvaluationRun", ruleset)
    source = {"GlueTable": {"DatabaseName": analytics.database, "TableName": "raw"}}
    given: Json = {"DataSource": source, "Role": role, "RulesetNames": [name]}
    without = user_client(emulator, "glue", start)
    with pytest.raises(ClientError, match="iam:PassRole"):
        without.start_data_quality_ruleset_evaluation_run(**given)
    elsewhere = allow("glue:StartDataQualityRulesetEvaluationRun", ruleset + "x")
    with pytest.raises(ClientError, match="glue:StartDataQualityRulesetEvaluationRun"):
        user_client(emulator, "glue", elsewhere).start_data_quality_ruleset_evaluation_run(**given)
    reading = allow(["glue:GetDataQualityRulesetEvaluationRun", "glue:GetDataQualityResult"], ruleset)
    client = user_client(emulator, "glue", start, reading, allow("iam:PassRole", role))
    run_id = client.start_data_quality_ruleset_evaluation_run(**given)["RunId"]
    ended = wait_until(
        lambda: client.get_data_quality_ruleset_evaluation_run(RunId=run_id), lambda seen: seen["Status"] != "RUNNING"
    )
    assert client.get_data_quality_result(ResultId=ended["ResultIds"][0])["Score"] == 1


def test_a_repeated_start_with_one_token_finds_the_run_that_the_first_began(analytics: Analytics) -> None:
    _, name = make_ruleset(analytics.emulator, "RowCount > 0")
    role, glue = make_role(analytics.emulator, "glue", *NEEDED.values()), analytics.emulator.client("glue")
    given: Json = {
        "DataSource": {"GlueTable": {"DatabaseName": analytics.database, "TableName": "raw"}},
        "Role": role,
        "RulesetNames": [name],
        "ClientToken": unique("token"),
    }
    runs = {glue.start_data_quality_ruleset_evaluation_run(**given)["RunId"] for _ in range(2)}
    assert len(runs) == 1


def test_what_a_run_cannot_have_here_is_refused_by_name(analytics: Analytics) -> None:
    _, name = make_ruleset(analytics.emulator, "RowCount > 0")
    glue = analytics.emulator.client("glue")
    given: Json = {
        "DataSource": {"GlueTable": {"DatabaseName": analytics.database, "TableName": "raw"}},
        "Role": make_role(analytics.emulator, "glue"),
        "RulesetNames": [name],
    }
    with pytest.raises(ClientError, match="AdditionalRunOptions is not supported"):
        glue.start_data_quality_ruleset_evaluation_run(**given, AdditionalRunOptions={"ResultsS3Prefix": "s3://b/"})
    with pytest.raises(ClientError, match="none not found"):
        glue.start_data_quality_ruleset_evaluation_run(**{**given, "RulesetNames": ["none"]})


def test_a_ruleset_is_changed_in_place_and_deleted_with_its_stack(emulator: Emulator) -> None:
    stack, name = make_ruleset(emulator, "RowCount > 1")
    glue = emulator.client("glue")
    changed = {"Ruleset": "Rules = [RowCount > 2]"}
    stack.update(Ruleset={"Type": "AWS::Glue::DataQualityRuleset", "Properties": changed})
    assert stack.reference("Ruleset") == name
    assert glue.get_data_quality_ruleset(Name=name)["Ruleset"] == changed["Ruleset"]
    stack.delete()
    with pytest.raises(glue.exceptions.EntityNotFoundException):
        glue.get_data_quality_ruleset(Name=name)


def test_a_ruleset_that_the_twin_cannot_evaluate_fails_its_stack(emulator: Emulator) -> None:
    stack = Stack(emulator)
    properties = {"Ruleset": 'Rules = [Entropy "a" > 1]'}
    stack.create(Ruleset={"Type": "AWS::Glue::DataQualityRuleset", "Properties": properties})
    assert "does not evaluate rules of type Entropy" in stack.reasons()


# ---- the workflow's states ------------------------------------------------------------------------------


def gate(analytics: Analytics, role: str, rules: str) -> Json:
    """The states of the workflow between its input and its job, with ends in place of what lies behind them."""
    (machine,) = state_machines(optional_assembly())
    states = {name: body for name, body in machine.definition["States"].items() if "Quality" in name}
    for body in states.values():
        body.pop("Retry", None)
    states["EvaluateQualityRules"]["Arguments"]["Role"] = role
    text = json.dumps(states).replace("fourfold-dev-raw-data", rules).replace("fourfold_dev", analytics.database)
    begin = {"Type": "Pass", "Assign": {"run": {"dataset": analytics_account.DATASET}}, "Next": "QualityRulesApply"}
    ends = {
        "PrepareData": {"Type": "Succeed", "Output": "prepared"},
        "ExplainFailure": {
            "Type": "Fail",
            "Error": "{% $failure.error.Error %}",
            "Cause": "{% $failure.error.Cause %}",
        },
    }
    return {"Begin": begin, **json.loads(text), **ends}


@pytest.mark.parametrize(
    ("rules", "ends_as", "says"),
    [
        (("RowCount = 10", 'Completeness "summary" >= 0.9'), "SUCCEEDED", ""),
        (("RowCount = 10", 'IsUnique "summary"'), "FAILED", 'breaks IsUnique "summary" (Value: '),
        (("RowCount > 10", 'IsUnique "summary"'), "FAILED", "RowCount > 10 (Value: 10 does not"),
        (('ColumnExists "other"',), "FAILED", 'breaks ColumnExists "other" (There is no column other.)'),
    ],
)
def test_the_workflow_prepares_what_keeps_the_rules_and_names_the_rules_that_are_broken(
    analytics: Analytics, rules: tuple[str, ...], ends_as: str, says: str
) -> None:
    emulator = analytics.emulator
    _, name = make_ruleset(emulator, *rules)
    role = make_role(emulator, "glue", *NEEDED.values())
    ruleset = f"arn:aws:glue:us-east-1:000000000000:dataQualityRuleset/{name}"
    calls = [f"glue:{call}" for call in ("StartDataQualityRulesetEvaluationRun", "GetDataQualityRulesetEvaluationRun")]
    permissions = (allow([*calls, "glue:GetDataQualityResult"], ruleset), allow("iam:PassRole", role))
    arn = start(emulator, gate(analytics, role, name), *permissions, QueryLanguage="JSONata")
    states = emulator.client("stepfunctions")
    ended = wait_until(lambda: states.describe_execution(executionArn=arn), lambda seen: seen["status"] != "RUNNING")
    assert ended["status"] == ends_as, ended
    assert says in ended.get("cause", "")


def test_an_evaluation_that_may_not_read_the_data_ends_the_run(analytics: Analytics) -> None:
    emulator = analytics.emulator
    _, name = make_ruleset(emulator, "RowCount > 0")
    role = make_role(emulator, "glue", *(statement for key, statement in NEEDED.items() if key != "s3:GetObject"))
    machine = gate(analytics, role, name)
    arn = start(emulator, machine, allow(["glue:*", "iam:PassRole"]), QueryLanguage="JSONata")
    states = emulator.client("stepfunctions")
    ended = wait_until(lambda: states.describe_execution(executionArn=arn), lambda seen: seen["status"] != "RUNNING")
    assert ended["error"] == "QualityRulesNotEvaluated"
    assert "s3:GetObject" in ended["cause"]
