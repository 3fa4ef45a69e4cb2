"""The rules on the raw data set: evaluated by AWS Glue Data Quality, before any job is paid for.

Step Functions has no `.sync` integration for it, so this polls. The request token is made of the execution's ARN:
a repeated start finds the run that the first one began.
"""

from __future__ import annotations

import json

from aws_cdk import aws_stepfunctions as sfn

from cdk_app.constructs.data_quality import Evaluation
from stacks.state_machine.steps import Steps

# The workers that Glue takes by default; one is a DPU.
_WORKERS = 5
_TIMEOUT_MINUTES = 60
_POLL_SECONDS = 20
_TOKEN = "{% $hash($states.context.Execution.Id, 'SHA-256') %}"  # noqa: S105  (Glue's word for idempotency)
_REMEDY = "Correct the files in the raw bucket, or data.quality_rules, and start a new run."
_BROKEN = {
    "Error": "QualityRulesBroken",
    "Cause": f"{{% 'The raw data set breaks ' & $join($states.input.broken, '; ') & '. {_REMEDY}' %}}",
}
_NOT_EVALUATED = {
    "Error": "QualityRulesNotEvaluated",
    "Cause": "{% 'The evaluation of the data-quality rules ended as ' & $states.input.status & ': ' & "
    "$states.input.error %}",
}


def hold_rules(steps: Steps, rules: Evaluation, *, then: sfn.IChainable) -> sfn.State:
    """`QualityRulesApply` → `EvaluateQualityRules` → … → `QualityRulesHold` → `then`."""
    wait = steps.wait("WaitForQualityRules", _POLL_SECONDS, comment="gives the evaluation time.")
    finished = steps.choice(
        "QualityRulesEvaluated", comment="is the evaluation done?", assign=steps.failure(_NOT_EVALUATED)
    )
    finished.when(_condition("$states.input.status = 'SUCCEEDED'"), _read(steps, rules).next(_gate(steps, then)))
    finished.when(_condition("$states.input.status in ['STARTING', 'RUNNING', 'STOPPING']"), wait)
    finished.otherwise(steps.way_out)
    run = _start(steps, rules).next(wait).next(_describe(steps, rules)).next(finished)
    return _applies(steps, rules, run)


def _applies(steps: Steps, rules: Evaluation, run: sfn.Chain) -> sfn.Choice:
    """A run may name another data set than the table has: its rules would be those of other data."""
    other = {
        "Error": "QualityRulesForAnotherDataSet",
        "Cause": f"The data-quality rules are evaluated on the data set {rules.dataset}, and this run is about another "
        "one. Deploy with that one in data.dataset, or without data.quality_rules.on_glue.",
    }
    fork = steps.choice("QualityRulesApply", comment="are the rules about this run's data set?")
    fork.when(_condition(f"$run.dataset != {json.dumps(rules.dataset)}"), steps.way_out, assign=steps.failure(other))
    return fork.otherwise(run)


def _start(steps: Steps, rules: Evaluation) -> sfn.Chain:
    start = steps.call(
        "EvaluateQualityRules",
        "glue:startDataQualityRulesetEvaluationRun",
        comment="starts the evaluation of the rules on the raw table.",
        parameters={
            "DataSource": {"GlueTable": {"DatabaseName": rules.database, "TableName": rules.table}},
            "Role": rules.role.role_arn,
            "RulesetNames": [rules.ruleset],
            "NumberOfWorkers": _WORKERS,
            "Timeout": _TIMEOUT_MINUTES,
            "ClientToken": _TOKEN,
        },
        resources=[rules.ruleset_arn],
        assign={"quality_run_id": "{% $states.result.RunId %}"},
    )
    return sfn.Chain.start(start)


def _describe(steps: Steps, rules: Evaluation) -> sfn.IChainable:
    return steps.call(
        "DescribeQualityRules",
        "glue:getDataQualityRulesetEvaluationRun",
        comment="asks how far the evaluation is.",
        parameters={"RunId": "{% $quality_run_id %}"},
        resources=[rules.ruleset_arn],
        outputs={
            "status": "{% $states.result.Status %}",
            "result": "{% $exists($states.result.ResultIds) ? $states.result.ResultIds[0] : '' %}",
            "error": "{% $exists($states.result.ErrorString) ? $states.result.ErrorString : 'Glue gave no reason.' %}",
        },
    )


def _read(steps: Steps, rules: Evaluation) -> sfn.Chain:
    read = steps.call(
        "ReadQualityRules",
        "glue:getDataQualityResult",
        comment="asks which rules the data set breaks.",
        parameters={"ResultId": "{% $states.input.result %}"},
        resources=[rules.ruleset_arn],
        outputs={
            "broken": "{% [$states.result.RuleResults[Result != 'PASS'].(Description & ' (' & "
            "($exists(EvaluationMessage) ? EvaluationMessage : Result) & ')')] %}",
        },
    )
    return sfn.Chain.start(read)


def _gate(steps: Steps, then: sfn.IChainable) -> sfn.Choice:
    fork = steps.choice("QualityRulesHold", comment="does the raw data set break a rule?")
    fork.when(_condition("$count($states.input.broken) > 0"), steps.way_out, assign=steps.failure(_BROKEN))
    return fork.otherwise(then)


def _condition(jsonata: str) -> sfn.Condition:
    return sfn.Condition.jsonata(f"{{% {jsonata} %}}")
