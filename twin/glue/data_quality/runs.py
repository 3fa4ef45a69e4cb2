"""Evaluation runs of rulesets on a table of the catalogue, each under the role that it is given."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Sequence
from typing import Any

from botocore.exceptions import ClientError

from twin import credentials
from twin.catalogue.errors import UnreadableTable
from twin.emulator import hooks
from twin.emulator.hooks import Request, RoleNotAssumableError, ServiceError
from twin.glue.data_quality.dqdl import read_rules
from twin.glue.data_quality.evaluation import Outcome, evaluate
from twin.glue.data_quality.rulesets import ruleset_named
from twin.glue.jobs import Store, check_parameters
from twin.support import ANY, unsupported

Json = dict[str, Any]
EVALUATIONS, RESULTS = Store(), Store()
_HONOURED = {
    "DataSource": {"GlueTable": {"DatabaseName": ANY, "TableName": ANY}},
    "NumberOfWorkers": ANY,
    "Role": ANY,
    "RulesetNames": ANY,
    "Timeout": ANY,
    "ClientToken": ANY,
}
_living: list[threading.Thread] = []


def start_evaluation(request: Request) -> Json:
    """StartDataQualityRulesetEvaluationRun; the same client token starts no second run."""
    given = request.parameters
    check_parameters("StartDataQualityRulesetEvaluationRun", given)
    if refused := list(unsupported(_HONOURED, given)):
        raise ServiceError("InvalidInputException", " ".join(refused))
    token = given.get("ClientToken")
    for run in EVALUATIONS.all():
        if token and run["ClientToken"] == token:
            return {"RunId": run["RunId"]}
    for name in given["RulesetNames"]:
        ruleset_named(name)
    run = {
        "NumberOfWorkers": 5,
        "Timeout": 2880,
        "ClientToken": "",
        **given,
        "RunId": f"dqrun-{secrets.token_hex(20)}",
        "Status": "RUNNING",
        "StartedOn": time.time(),
    }
    EVALUATIONS.put(run["RunId"], run)
    _living.append(hooks.in_background(f"quality-{run['RunId'][6:14]}", lambda: _run(run)))
    return {"RunId": run["RunId"]}


def get_evaluation(request: Request) -> Json:
    """GetDataQualityRulesetEvaluationRun."""
    check_parameters("GetDataQualityRulesetEvaluationRun", request.parameters)
    run = EVALUATIONS.get(request.parameters["RunId"])
    if run is None:
        raise ServiceError("EntityNotFoundException", f"Run {request.parameters['RunId']} not found.")
    return {key: value for key, value in run.items() if key != "ClientToken"}


def get_result(request: Request) -> Json:
    """GetDataQualityResult."""
    check_parameters("GetDataQualityResult", request.parameters)
    result = RESULTS.get(request.parameters["ResultId"])
    if result is None:
        raise ServiceError("EntityNotFoundException", f"Result {request.parameters['ResultId']} not found.")
    return dict(result)


def rulesets_of(request: Request) -> list[str]:
    """The rulesets that a request on runs or results is about; none for every other request."""
    given = request.parameters
    if "RulesetNames" in given:
        return [str(name) for name in given["RulesetNames"]]
    if run := EVALUATIONS.get(str(given.get("RunId"))):
        return list(run["RulesetNames"])
    result = RESULTS.get(str(given.get("ResultId")))
    return [result["RulesetName"]] if result else []


def wait_for_all() -> None:
    """Wait for the runs that go on still."""
    for thread in _living:
        thread.join(timeout=10)


def _run(run: Json) -> None:
    ended: Json = {"Status": "FAILED"}
    try:
        ended = {"Status": "SUCCEEDED", "ResultIds": [_evaluated(run, name) for name in run["RulesetNames"]]}
    except (UnreadableTable, RoleNotAssumableError, ServiceError) as error:
        ended["ErrorString"] = str(error)
    except ClientError as error:
        failed = error.response["Error"]
        ended["ErrorString"] = f"{failed['Code']}: {failed.get('Message', '')} ({error.operation_name})"
    except Exception as error:  # a defect of ours must end the run, and say so
        ended["ErrorString"] = f"The twin's data quality failed: {type(error).__name__}: {error}"
        raise
    finally:
        now = time.time()
        took = int(now - run["StartedOn"])
        EVALUATIONS.put(
            run["RunId"], {**run, **ended, "CompletedOn": now, "LastModifiedOn": now, "ExecutionTime": took}
        )


def _evaluated(run: Json, name: str) -> str:
    """Evaluate one ruleset on the run's table, and return the id of the result."""
    from twin.catalogue.tables import read_table  # takes longer to import than the emulator to start

    # It reads its own run and ruleset, and publishes what it finds, as the role too.
    glue = credentials.client_as(run["Role"], "glue", run["RunId"], "glue.amazonaws.com")
    s3 = credentials.client_as(run["Role"], "s3", run["RunId"], "glue.amazonaws.com")
    rules = read_rules(glue.get_data_quality_ruleset(Name=name)["Ruleset"])
    glue.get_data_quality_ruleset_evaluation_run(RunId=run["RunId"])
    source = run["DataSource"]["GlueTable"]
    table, rows = read_table(glue, s3, source["DatabaseName"], source["TableName"])
    outcomes = evaluate(rules, rows, table.columns)
    result = f"dqresult-{secrets.token_hex(20)}"
    RESULTS.put(result, _result(run, name, result, outcomes))
    return result


def _result(run: Json, name: str, key: str, outcomes: Sequence[Outcome]) -> Json:
    return {
        "ResultId": key,
        "Score": sum(outcome.result == "PASS" for outcome in outcomes) / len(outcomes),
        "DataSource": run["DataSource"],
        "RulesetName": name,
        "StartedOn": run["StartedOn"],
        "CompletedOn": time.time(),
        "RulesetEvaluationRunId": run["RunId"],
        "RuleResults": [
            {
                "Name": f"Rule_{number}",
                "Description": outcome.rule.text,
                "Result": outcome.result,
                "EvaluatedMetrics": dict(outcome.metrics),
                **({"EvaluationMessage": outcome.message} if outcome.message else {}),
            }
            for number, outcome in enumerate(outcomes, start=1)
        ],
    }
