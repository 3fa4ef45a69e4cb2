"""Data-quality rules that are evaluated: what the workflow does then, what it may do, and that it is off by default."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from cdk_app.checks import ALL_CHECKS, Check
from cdk_app.checks.assembly import Assembly
from cdk_app.checks.state_machines.definitions import StateMachine, state_machines
from tests.synth.optional import optional_assembly
from tests.synth.templates import Template, allowed, statements_of
from tests.synth.test_workflow import RUN, TUNED
from tests.synth.walker import TaskError, Walk, Walker, in_order

DATASET = "aws-api-documentation"
PASSED = {"Description": "RowCount >= 100", "Result": "PASS"}
FAILED = {"Description": 'IsUnique "a"', "Result": "FAIL", "EvaluationMessage": "Value: 0.5"}
ANSWERS: dict[str, Any] = {
    **TUNED,
    "ResolveRun": {**RUN, "dataset": DATASET},
    "ValidateJudge": {"agreement": 1.0},
    "EvaluateQualityRules": {"RunId": "dqrun-1"},
    "DescribeQualityRules": [{"Status": "RUNNING"}, {"Status": "SUCCEEDED", "ResultIds": ["dqresult-1"]}],
    "ReadQualityRules": {"RuleResults": [PASSED]},
}


@pytest.fixture(scope="module")
def optional() -> Assembly:
    return optional_assembly()


@pytest.fixture(scope="module")
def machine(optional: Assembly) -> StateMachine:
    (found,) = state_machines(optional)
    return found


def walk(machine: StateMachine, **answers: Any) -> Walk:
    return Walker(machine.definition, {**ANSWERS, **answers}).run()


def failure(walked: Walk) -> Mapping[str, Any]:
    told: Mapping[str, Any] = walked.requests["ExplainFailure"][-1]["Payload"]
    return told


def test_rules_are_not_evaluated_unless_asked_for(templates: dict[str, Template], assembly: Assembly) -> None:
    (found,) = state_machines(assembly)
    assert not [name for name in found.definition["States"] if "Quality" in name]
    assert not [name for name in templates["DataPreparation"]["Resources"] if name.startswith("QualityRulesRole")]


def test_rules_are_evaluated_before_the_job_is_paid_for(machine: StateMachine) -> None:
    walked = walk(machine)
    assert walked.succeeded
    assert in_order(walked.visited, "ResolveRun", "QualityRulesApply", "EvaluateQualityRules", "WaitForQualityRules")
    assert walked.visited.count("DescribeQualityRules") == 2
    assert in_order(walked.visited, "ReadQualityRules", "QualityRulesHold", "PrepareData", "CheckData")
    (started,) = walked.requests["EvaluateQualityRules"]
    assert started["RulesetNames"] == ["fourfold-dev-raw-data"]
    assert started["DataSource"] == {"GlueTable": {"DatabaseName": "fourfold_dev", "TableName": "raw"}}
    assert walked.requests["ReadQualityRules"] == [{"ResultId": "dqresult-1"}]


@pytest.mark.parametrize("result", ["FAIL", "ERROR"])
def test_a_broken_rule_ends_the_run_and_is_named(machine: StateMachine, result: str) -> None:
    walked = walk(machine, ReadQualityRules={"RuleResults": [PASSED, {**FAILED, "Result": result}]})
    assert "PrepareData" not in walked.visited
    told = failure(walked)
    assert (told["step"], told["error"]["Error"]) == ("PrepareData", "QualityRulesBroken")
    assert 'breaks IsUnique "a" (Value: 0.5). Correct the files' in told["error"]["Cause"]
    assert "RowCount" not in told["error"]["Cause"]


def test_two_broken_rules_are_both_named(machine: StateMachine) -> None:
    other = {"Description": "RowCount >= 9", "Result": "FAIL"}
    walked = walk(machine, ReadQualityRules={"RuleResults": [other, FAILED]})
    assert 'RowCount >= 9 (FAIL); IsUnique "a" (Value: 0.5)' in failure(walked)["error"]["Cause"]


@pytest.mark.parametrize("status", ["FAILED", "STOPPED", "TIMEOUT"])
def test_an_evaluation_that_does_not_end_well_is_no_pass(machine: StateMachine, status: str) -> None:
    walked = walk(machine, DescribeQualityRules={"Status": status, "ErrorString": "no access"})
    assert "PrepareData" not in walked.visited
    told = failure(walked)
    assert told["error"]["Error"] == "QualityRulesNotEvaluated"
    assert f"ended as {status}: no access" in told["error"]["Cause"]


def test_the_rules_of_one_data_set_are_not_taken_for_those_of_another(machine: StateMachine) -> None:
    walked = walk(machine, ResolveRun={**RUN, "dataset": "other"})
    assert not {"EvaluateQualityRules", "PrepareData"} & set(walked.visited)
    assert failure(walked)["error"]["Error"] == "QualityRulesForAnotherDataSet"


def test_a_refused_start_ends_the_run(machine: StateMachine) -> None:
    walked = walk(machine, EvaluateQualityRules=TaskError("Glue.GlueException", "not authorized"))
    assert "PrepareData" not in walked.visited
    assert failure(walked)["error"]["Cause"] == "not authorized"


@pytest.mark.parametrize("check", ALL_CHECKS, ids=lambda check: check.name)
def test_the_application_has_no_finding_with_everything_on(optional: Assembly, check: Check) -> None:
    assert [str(finding) for finding in check.find(optional)] == []


def test_the_role_reads_the_data_set_and_its_own_table_alone(optional: Assembly) -> None:
    statements = statements_of(dict(optional.templates["Fourfold-dev-DataPreparation"]), "QualityRulesRole")
    data, libraries = sorted(allowed(statements, "s3:GetObject"), key=lambda arn: "assets" in arn)
    assert "RawBucket" in data
    assert data.endswith(f"/{DATASET}/*")
    assert libraries.endswith("s3:::aws-glue-ml-data-quality-assets-<AWS::Region>/*")
    assert allowed(statements, "s3:PutObject") == []
    tables = allowed(statements, "glue:GetTable")
    assert {table.rpartition(":")[2] for table in tables} == {
        "catalog",
        "database/fourfold_dev",
        "table/fourfold_dev/raw",
    }


def test_the_workflow_passes_the_role_to_glue_alone(optional: Assembly) -> None:
    statements = statements_of(dict(optional.templates["Fourfold-dev-Workflow"]), "Role")
    (passing,) = (statement for statement in statements if statement["Action"] == "iam:PassRole")
    assert "QualityRulesRole" in str(passing["Resource"])
    assert passing["Condition"] == {"StringEquals": {"iam:PassedToService": "glue.amazonaws.com"}}
    (ruleset,) = allowed(statements, "glue:StartDataQualityRulesetEvaluationRun")
    assert ruleset.endswith(":dataQualityRuleset/fourfold-dev-raw-data")
