"""Step 3: run the SageMaker pipeline, and compare what it made with the model in use.

Step Functions has no `.sync` integration for pipelines, so this polls. The request token is made of the
execution's ARN: a repeated start finds the execution that the first one began.
"""

from __future__ import annotations

import json

from aws_cdk import aws_stepfunctions as sfn
from aws_cdk import aws_stepfunctions_tasks as tasks

from cdk_app.settings.tuning import Tuning
from stacks.fine_tuning import FineTuning
from stacks.state_machine.deadline import end, not_past, since
from stacks.state_machine.functions import WorkflowFunctions
from stacks.state_machine.steps import PAYLOAD, Steps
from stacks.training_capacity import attempts, pauses_s

_TOKEN = "{% $hash($states.context.Execution.Id, 'SHA-256') %}"  # noqa: S105  (SageMaker's word for idempotency)
# The limits may differ by run. Training may wait for spot instances too; instances take time to start.
_TRAINING = "$exists($run.tuning.MaxWaitSeconds) ? $run.tuning.MaxWaitSeconds : $run.tuning.MaxRuntimeSeconds"
_TIMED_OUT = {
    "Error": "FineTuneTimedOut",
    "Cause": "The pipeline was stopped: its jobs may take tuning.max_runtime_minutes each (training on spot "
    "instances tuning.max_wait_minutes) as often as tuning.retries has them tried, and an hour more to start, and it "
    "was still running. Raise the limit, train on fewer examples or on a larger instance.",
}
_STARTED, _DEADLINE = "fine_tune_started", "fine_tune_deadline"
_EXECUTION = {"PipelineExecutionArn": "{% $pipeline_execution_arn %}"}


def tune(
    steps: Steps,
    functions: WorkflowFunctions,
    fine_tuning: FineTuning,
    *,
    endpoint_name: str,
    then: sfn.IChainable,
    discard: sfn.State,
) -> sfn.State:
    """`FineTune` → … → `CompareWithChampion` → `WriteModelCard` → `then`.

    Sets `$pipeline_execution_arn`, `$comparison`, `$target`.

    `discard` is where a run goes whose registered model does not stand the comparison.
    """
    steps = steps.of("FineTune")
    longest = _longest(fine_tuning.trials_in_a_row, fine_tuning.settings.tuning)
    executions = [f"{fine_tuning.pipeline_arn}/execution/*"]
    wait = steps.wait("WaitForFineTune", _pause(longest), comment="gives the pipeline time.")
    stop = _stop(steps, executions, discard)
    describe = steps.failing_into(stop).call(
        "DescribeFineTune",
        "sagemaker:describePipelineExecution",
        comment="asks how far the pipeline is.",
        parameters=_EXECUTION,
        resources=executions,
        outputs="{% {'status': $states.result.PipelineExecutionStatus} %}",
    )
    finished = steps.choice("FineTuneFinished", comment="is the pipeline done?")
    finished.when(_status_is("Succeeded"), _compare(steps.failing_into(discard), functions, endpoint_name).next(then))
    in_time = not_past(_DEADLINE, f"1000 * {longest}")
    finished.when(_status_is("Executing", "Stopping", condition=f" and {in_time}"), wait)
    finished.when(_status_is("Executing"), stop, assign=steps.failure(_TIMED_OUT))
    finished.otherwise(_explain(steps, functions))
    return _start(steps, fine_tuning, longest).next(wait).next(describe).next(finished).start_state


def _longest(trials_in_a_row: int, tuning: Tuning) -> str:
    """Seconds in which the pipeline must be done: both its jobs as often as they are tried, and an hour to start."""
    once = f"{trials_in_a_row} * $number({_TRAINING}) + $number($run.tuning.MaxRuntimeSeconds)"
    return f"({attempts(tuning)} * ({once}) + {2 * pauses_s(tuning) + 3600})"


def _pause(longest: str) -> str:
    """Seconds to the next look.

    An execution may have 25,000 events, and one look takes nine: whoever has waited for days looks less often, but not
    after the end. So a year, the longest that an execution may last, has about a thousand looks.
    """
    waited = f"($millis() - {since(_STARTED)}) / 100000"
    left = f"({end(_DEADLINE, f'1000 * {longest}')} - $millis()) / 1000"
    return f"{{% $max([30, $floor($min([{waited}, {left}]))]) %}}"


def where_to_tune(steps: Steps, *, on_bedrock: sfn.IChainable, otherwise: sfn.IChainable) -> sfn.State:
    """`FineTuneOn`: the fork of step 3, where the settings know both of its ways."""
    fork = steps.of("FineTune").choice("FineTuneOn", comment="on Bedrock, or on SageMaker?")
    fork.when(sfn.Condition.jsonata("{% $run.tuning_service = 'bedrock' %}"), on_bedrock)
    return fork.otherwise(otherwise)


def _start(steps: Steps, fine_tuning: FineTuning, longest: str) -> sfn.Chain:
    start = steps.call(
        "FineTune",
        "sagemaker:startPipelineExecution",
        comment="starts the SageMaker pipeline: train, evaluate, gate, register.",
        parameters={
            "PipelineName": fine_tuning.pipeline_name,
            "PipelineExecutionDisplayName": "{% $replace($run.run_id, '_', '-') %}",
            "PipelineParameters": "{% $run.pipeline_parameters %}",
            "ClientRequestToken": _TOKEN,
        },
        resources=[fine_tuning.pipeline_arn],
        assign={
            "pipeline_execution_arn": "{% $states.result.PipelineExecutionArn %}",
            _STARTED: "{% $millis() %}",
            _DEADLINE: f"{{% $millis() + 1000 * {longest} %}}",
        },
    )
    return sfn.Chain.start(start)


def _stop(steps: Steps, executions: list[str], discard: sfn.State) -> tasks.CallAwsService:
    """A pipeline that nobody waits for any longer must neither go on billing nor leave a model to approve."""
    stop = (
        steps.taking_back()
        .failing_into(discard)
        .call(
            "StopFineTune",
            "sagemaker:stopPipelineExecution",
            comment="stops a pipeline that takes too long, or that cannot be asked how far it is.",
            parameters={**_EXECUTION, "ClientRequestToken": _TOKEN},
            resources=executions,
        )
    )
    stop.next(discard)
    return stop


def _explain(steps: Steps, functions: WorkflowFunctions) -> sfn.IChainable:
    explain = steps.invoke(
        "ExplainPipelineFailure",
        functions.explain_pipeline_failure,
        comment="finds the step that failed and the end of its log, and raises that.",
        payload={"run": "{% $run %}", "pipeline_execution_arn": "{% $pipeline_execution_arn %}"},
        assign=steps.failure({"Error": "FineTuneFailed", "Cause": "The pipeline did not succeed."}),
    )
    return explain.next(steps.way_out)


def _compare(steps: Steps, functions: WorkflowFunctions, endpoint_name: str) -> sfn.Chain:
    compare = steps.of("CompareWithChampion").invoke(
        "CompareWithChampion",
        functions.compare_with_champion,
        comment="the tuned model against the one in use, example by example.",
        payload={"run": "{% $run %}", "pipeline_execution_arn": "{% $pipeline_execution_arn %}"},
        assign={"comparison": PAYLOAD, "target": tuned_target(endpoint_name)},
    )
    card = steps.of("CompareWithChampion").invoke(
        "WriteModelCard",
        functions.write_model_card,
        comment="puts what was measured on the registered model, before anybody is asked to approve it.",
        payload={
            "run": "{% $run %}",
            "pipeline_execution_arn": "{% $pipeline_execution_arn %}",
            "comparison": "{% $comparison %}",
        },
    )
    return sfn.Chain.start(compare).next(card)


def tuned_target(endpoint_name: str) -> str:
    """JSONata for the tuned model's target document, in the state that knows its model package."""
    return (
        f"{{% $string({{'kind': 'sagemaker', 'endpoint': {json.dumps(endpoint_name)}, "
        "'model_package_arn': $states.result.Payload.fine_tuned.model_package_arn, "
        "'run_id': $run.run_id}) %}"
    )


def _status_is(*names: str, condition: str = "") -> sfn.Condition:
    return sfn.Condition.jsonata(f"{{% $states.input.status in {json.dumps(names)}{condition} %}}")
