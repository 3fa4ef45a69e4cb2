"""The way out: explain what failed, then fail with step, reason, log and remedy."""

from __future__ import annotations

from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_stepfunctions as sfn
from aws_cdk import aws_stepfunctions_tasks as tasks

from stacks.state_machine.steps import PAYLOAD, Steps

_CAUSE = (
    "{% $explanation.step & ' failed: ' & $explanation.message"
    " & '\\nLog: ' & $explanation.log & '\\nWhat to do: ' & $explanation.remedy %}"
)


def explain_failure(steps: Steps, function: lambda_.Function) -> tasks.LambdaInvoke:
    """`ExplainFailure` → `RunFailed`; where the explanation itself fails, the error as it came."""
    failed = sfn.Fail.jsonata(
        steps.scope,
        "RunFailed",
        comment="The run failed; the cause says where, why, where the log is and what to do.",
        error="{% $explanation.error %}",
        cause=_CAUSE,
    )
    unexplained = sfn.Fail.jsonata(
        steps.scope,
        "RunFailedUnexplained",
        comment="The run failed, and so did the function that explains failures: the first error, as it came.",
        error="{% $failure.error.Error %}",
        cause="{% $failure.step & ' failed: ' & $failure.error.Cause %}",
    )
    explain = Steps(steps.scope, "ExplainFailure", None, steps.needed).invoke(
        "ExplainFailure",
        function,
        comment="says which step failed, why, where its log is and what to do.",
        payload={
            "run_id": "{% $states.context.Execution.Name %}",
            "execution_arn": "{% $states.context.Execution.Id %}",
            "step": "{% $failure.step %}",
            "error": "{% $failure.error %}",
            "first": "{% $exists($failure.first) ? $failure.first : null %}",
        },
        assign={"explanation": PAYLOAD},
    )
    explain.add_catch(unexplained, errors=["States.ALL"])
    explain.next(failed)
    return explain
