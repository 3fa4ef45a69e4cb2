"""Data-quality rules that are evaluated: what the workflow does then, what it may do, and that it is off by default."""

from __future__ import annotations

import pytest

from cdk_app.checks import ALL_CHECKS, Check
from cdk_app.checks.assembly import Assembly
from cdk_app.checks.state_machines.definitions import StateMachine
from tests.synth.scripted_run import DATASET, RULE_HOLDS, RUN, Walking, failure
from tests.synth.templates import Template, allowed, statements_of
from tests.synth.walker import TaskError, in_order

FAILED = {"Description": 'IsUnique "a"', "Result": "FAIL", "EvaluationMessage": "Value: 0.5"}


def test_rules_are_not_evaluated_unless_asked_for(templates: dict[str, Template], machine: StateMachine) -> None:
    assert not [name for name in machine.definition["States"] if "Quality" in name]
    assert not [name for name in templates["DataPreparation"]["Resources"] if name.startswith("QualityRulesRole")]


def test_rules_are_evaluated_before_the_job_is_paid_for(walk_optional: Walking) -> None:
    walked = walk_optional()
    assert walked.succeeded
    assert in_order(walked.visited, "ResolveRun", "QualityRulesApply", "EvaluateQualityRules", "WaitForQualityRules")
    assert walked.visited.count("DescribeQualityRules") == 2
    assert in_order(walked.visited, "ReadQualityRules", "QualityRulesHold", "PrepareData", "CheckData")
    (started,) = walked.requests["EvaluateQualityRules"]
    assert started["RulesetNames"] == ["fourfold-dev-raw-data"]
    assert started["DataSource"] == {"GlueTable": {"DatabaseName": "fourfold_dev", "TableName": "raw"}}
    assert walked.requests["ReadQualityRules"] == [{"ResultId": "dqresult-1"}]


@pytest.mark.parametrize("result", ["FAIL", "ERROR"])
def test_a_broken_rule_ends_the_run_and_is_named(walk_optional: Walking, result: str) -> None:
    walked = walk_optional(ReadQualityRules={"RuleResults": [RULE_HOLDS, {**FAILED, "Result": result}]})
    assert "PrepareData" not in walked.visited
    told = failure(walked)
    assert (told["step"], told["error"]["Error"]) == ("PrepareData", "QualityRulesBroken")
    assert 'breaks IsUnique "a" (Value: 0.5). Correct the files' in told["error"]["Cause"]
    assert "RowCount" not in told["error"]["Cause"]


def test_two_broken_rules_are_both_named(walk_optional: Walking) -> None:
    other = {"Description": "RowCount >= 9", "Result": "FAIL"}
    walked = walk_optional(ReadQualityRules={"RuleResults": [other, FAILED]})
    assert 'RowCount >= 9 (FAIL); IsUnique "a" (Value: 0.5)' in failure(walked)["error"]["Cause"]


@pytest.mark.parametrize("status", ["FAILED", "STOPPED", "TIMEOUT"])
def test_an_evaluation_that_does_not_end_well_is_no_pass(walk_optional: Walking, status: str) -> None:
    walked = walk_optional(DescribeQualityRules={"Status": status, "ErrorString": "no access"})
    assert "PrepareData" not in walked.visited
    told = failure(walked)
    assert told["error"]["Error"] == "QualityRulesNotEvaluated"
    assert f"ended as {status}: no access" in told["error"]["Cause"]


def test_the_rules_of_one_data_set_are_not_taken_for_those_of_another(walk_optional: Walking) -> None:
    walked = walk_optional(ResolveRun={**RUN, "dataset": "other"})
    assert not {"EvaluateQualityRules", "PrepareData"} & set(walked.visited)
    assert failure(walked)["error"]["Error"] == "QualityRulesForAnotherDataSet"


def test_a_refused_start_ends_the_run(walk_optional: Walking) -> None:
    walked = walk_optional(EvaluateQualityRules=TaskError("Glue.GlueException", "not authorized"))
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
