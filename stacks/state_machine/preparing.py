"""Step 1: settle what the run is, prepare the data, and look at what came of it."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_stepfunctions as sfn
from aws_cdk import aws_stepfunctions_tasks as tasks

from cdk_app.constructs.data_quality import Evaluation
from stacks.state_machine.functions import WorkflowFunctions
from stacks.state_machine.quality_rules import hold_rules
from stacks.state_machine.steps import NULL, PAYLOAD, RESULT, Steps

# Glue reports an account's limits as errors that pass by themselves.
_GLUE_ERRORS = (
    "Glue.ConcurrentRunsExceededException",
    "Glue.ResourceNumberLimitExceededException",
    "Glue.InternalServiceException",
    "Glue.OperationTimeoutException",
)


def prepare(
    steps: Steps,
    functions: WorkflowFunctions,
    *,
    job_name: str,
    job_arn: str,
    job_timeout: cdk.Duration,
    quality_rules: Evaluation | None,
) -> sfn.Chain:
    """`ResolveRun` → `PrepareData` → `CheckData`. Sets `$run`, `$data`, and later variables to null.

    With `quality_rules`, the raw data set has to keep them before it is prepared.
    """
    resolve = steps.of("ResolveRun").invoke(
        "ResolveRun",
        functions.resolve_run,
        comment="merges the input with the deployed settings; refuses what does not fit.",
        payload={
            "execution_name": "{% $states.context.Execution.Name %}",
            "execution_arn": "{% $states.context.Execution.Id %}",
            "input": "{% $states.context.Execution.Input %}",
        },
        # What only some ways through the workflow set must exist on all of them.
        assign={"run": PAYLOAD, "pipeline_execution_arn": NULL, "comparison": NULL, "customized": NULL},
    )
    check = steps.of("CheckData").invoke(
        "CheckData",
        functions.check_data,
        comment="stops the run when the counts do not balance or too few records are left.",
        payload={"run": "{% $run %}"},
        assign={"data": PAYLOAD},
    )
    prepare_data = steps.of("PrepareData")
    job = _prepare_data(prepare_data, job_name, job_arn, job_timeout).next(check)
    if quality_rules is None:
        return sfn.Chain.start(resolve).next(job)
    resolve.next(hold_rules(prepare_data, quality_rules, then=job))
    return sfn.Chain.custom(resolve, [check], check)


def _prepare_data(steps: Steps, job_name: str, job_arn: str, job_timeout: cdk.Duration) -> tasks.GlueStartJobRun:
    task = tasks.GlueStartJobRun.jsonata(
        steps.scope,
        "PrepareData",
        comment="PrepareData: the Glue job cleans, filters, splits and quarantines.",
        glue_job_name=job_name,
        integration_pattern=sfn.IntegrationPattern.RUN_JOB,
        arguments=sfn.TaskInput.from_object(
            {
                "--run_id": "{% $run.run_id %}",
                "--dataset": "{% $run.dataset %}",
                "--settings": "{% $run.preparation_settings %}",
            }
        ),
        # Glue counts the time and stops the run itself; a run that nears its limit is worth an event.
        task_timeout=sfn.Timeout.duration(job_timeout),
        notify_delay_after=job_timeout,
        outputs=RESULT,
    )
    # The last two are how `.sync` follows the job, and stops it with the execution.
    steps.may(["glue:StartJobRun", "glue:GetJobRun", "glue:GetJobRuns", "glue:BatchStopJobRun"], [job_arn])
    return steps.guard(task, _GLUE_ERRORS)
