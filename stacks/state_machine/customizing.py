"""Step 3 on Bedrock: customize a foundation model, have it served, and hold it against its base model.

The data is judged before anything is submitted. `.sync` waits for the job, and stops it with the execution. What the
job made is asked for by its name, and the same function that measures candidates asks both models the test records.
"""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_stepfunctions as sfn

from stacks.customization import Customization
from stacks.foundation import CUSTOMIZATION
from stacks.state_machine.customized import serve, tags
from stacks.state_machine.functions import WorkflowFunctions
from stacks.state_machine.selecting import BROKEN_OFF
from stacks.state_machine.steps import ERROR, INPUT, PAYLOAD, Steps

_TYPES = {
    "fine-tuning": "FINE_TUNING",
    "continued-pre-training": "CONTINUED_PRE_TRAINING",
    "distillation": "DISTILLATION",
}
_NAME = "{% $run.customization.name %}"
# A job that was stopped with its execution cannot go on, and its name is taken: an execution that is redriven from
# there asks for another one. What was finished is not asked for again.
_ATTEMPT = "($exists($states.context.Execution.RedriveCount) ? $states.context.Execution.RedriveCount : 0)"
_JOB = f"{{% $run.customization.name & ({_ATTEMPT} > 0 ? '-' & $string({_ATTEMPT}) : '') %}}"
_TOKEN = f"{{% $hash($states.context.Execution.Id & '-' & $string({_ATTEMPT}), 'SHA-256') %}}"
_LONGEST = "{% $number($run.tuning.MaxRuntimeSeconds) %}"
# The customized model differs from its base by its id, by its name in figures, and perhaps by its price.
_CANDIDATES = (
    "{% [$run.customization.base, $merge([$run.customization.base, "
    "{'index': 1, 'model': $run.customization.base.model & '-customized', 'model_id': $served_model_id, "
    "'price': $run.customization.billed_as_base ? $run.customization.base.price : null}])] %}"
)
# As many test records as the SageMaker branch takes; the two are measured by the metric alone, as there.
_RUN = (
    "{% $merge([$run, {'sample_size': $number($run.tuning.TestExamples), 'embeddings': null, 'judge': null, "
    "'documents': null}]) %}"
)
_TARGET = (
    "{% $string({'kind': 'bedrock', 'model_id': $served_model_id, 'strategy': 'zero-shot', "
    "'serving': $run.customization.serving, 'run_id': $run.run_id}) %}"
)


def customize(
    steps: Steps,
    functions: WorkflowFunctions,
    customization: Customization,
    *,
    then: sfn.IChainable,
    discard: sfn.State,
) -> sfn.State:
    """`CheckTrainingData` → `CustomizeModel` → … → `CompareCustomModel` → `then`. Sets `$customized`, `$comparison`,
    `$target`.

    `discard` is where a run goes whose customized model does not stand the comparison.
    """
    steps = steps.of("FineTune")
    discarding = steps.failing_into(discard)
    evaluate = _evaluate(discarding, customization).next(_judge(discarding, customization))
    evaluate.next(_compare(discarding, functions)).next(then)
    served = serve(steps, customization, discard=discard, then=evaluate)
    check = _check(steps, customization)
    return check.next(_job(steps, customization)).next(_find(steps, customization)).next(served).start_state


def _check(steps: Steps, customization: Customization) -> sfn.Chain:
    check = steps.invoke(
        "CheckTrainingData",
        customization.functions.check_training_data,
        comment="judges the data as Bedrock would, before anything is submitted.",
        payload={"run": "{% $run %}"},
        assign={"training_data": PAYLOAD},
    )
    return sfn.Chain.start(check)


def _job(steps: Steps, customization: Customization) -> sfn.CustomState:
    """The job. CDK's own task would give its role more than it needs, and cannot read JSONata."""
    state = sfn.CustomState(
        steps.scope,
        "CustomizeModel",
        state_json={
            "Type": "Task",
            "Comment": "FineTune: Bedrock trains the model on the data; waits until it has.",
            "Resource": f"arn:{cdk.Aws.PARTITION}:states:::bedrock:createModelCustomizationJob.sync",
            "Arguments": _request(customization),
            "TimeoutSeconds": _LONGEST,
            "Assign": {"customization_job": _JOB},
            "Output": {},
        },
    )
    stop = _stop(steps, customization)
    state.add_retry(
        errors=["Bedrock.ThrottlingException", "Bedrock.InternalServerException"],
        interval=cdk.Duration.seconds(2),
        max_attempts=4,
        backoff_rate=2,
    )
    state.add_catch(_timed_out(steps, stop), errors=["States.Timeout"])
    state.add_catch(_failed(steps, stop), errors=["States.ALL"])
    _allow_job(steps, customization)
    return state


def _request(customization: Customization) -> dict[str, Any]:
    settings = customization.settings
    request: dict[str, Any] = {
        "JobName": _JOB,
        "CustomModelName": _JOB,
        "RoleArn": customization.job_role.role_arn,
        "ClientRequestToken": _TOKEN,
        "BaseModelIdentifier": customization.base_model_arn,
        "CustomizationType": _TYPES[settings.method],
        "CustomModelKmsKeyId": customization.key_arn,
        "JobTags": tags(customization),
        "CustomModelTags": tags(customization),
        "TrainingDataConfig": {"S3Uri": "{% $training_data.training_uri %}"},
        "ValidationDataConfig": {
            "Validators": "{% $training_data.validation_uri = null ? [] : [{'S3Uri': $training_data.validation_uri}] %}"
        },
        "OutputDataConfig": {
            "S3Uri": f"{{% 's3://' & '{customization.files}' & '/{CUSTOMIZATION}' & $run.run_id & '/output/' %}}"
        },
        "HyperParameters": "{% $run.customization.hyperparameters %}",
    }
    if customization.teacher_arn is not None:
        teacher = {"TeacherModelIdentifier": customization.teacher_arn}
        request["CustomizationConfig"] = {"DistillationConfig": {"TeacherModelConfig": teacher}}
    return request


def _allow_job(steps: Steps, customization: Customization) -> None:
    """By AWS's example for this integration; tags and key are what the request names besides."""
    resources = [customization.base_model_arn, customization.models, customization.jobs]
    steps.may(["bedrock:CreateModelCustomizationJob"], resources)
    tagged = [customization.models, customization.jobs]
    steps.may(["bedrock:TagResource"], tagged, customization.made_its_own)
    steps.may(["bedrock:GetModelCustomizationJob", "bedrock:StopModelCustomizationJob"], [customization.jobs])


def _failed(steps: Steps, stop: sfn.State) -> sfn.State:
    """CDK's CustomState renders no `Assign` in a catcher: the error is kept by a state of its own.

    An error may be of the waiting alone, while the job goes on: so it is stopped, whatever the error.
    """
    keep = sfn.Pass.jsonata(
        steps.scope,
        "CustomizationFailed",
        comment="FineTune: the job failed, was refused, or is waited for no longer.",
        assign=steps.failure(INPUT),
    )
    return keep.next(stop).start_state


def _timed_out(steps: Steps, stop: sfn.State) -> sfn.State:
    timed_out = {
        "Error": "CustomizationTimedOut",
        "Cause": "The customization job was stopped after tuning.max_runtime_minutes. Raise the limit, or train on "
        "fewer examples.",
    }
    keep = sfn.Pass.jsonata(
        steps.scope,
        "CustomizationTimedOut",
        comment="FineTune: the job takes too long.",
        assign=steps.failure(timed_out),
    )
    return keep.next(stop).start_state


def _stop(steps: Steps, customization: Customization) -> sfn.State:
    """A job that nobody waits for any longer must not go on billing; one that is over or stopping already is fine."""
    steps = steps.taking_back()
    stop = steps.failing_into(None).call(
        "StopCustomization",
        "bedrock:stopModelCustomizationJob",
        comment="stops a job that nobody waits for any longer.",
        parameters={"JobIdentifier": _JOB},
        resources=[customization.jobs],
    )
    stop.add_catch(steps.way_out, errors=["Bedrock.ConflictException", "Bedrock.ResourceNotFoundException"])
    stop.add_catch(steps.way_out, errors=["States.ALL"], assign=steps.failure(ERROR))
    return stop.next(steps.way_out).start_state


def _find(steps: Steps, customization: Customization) -> sfn.IChainable:
    return steps.call(
        "DescribeCustomization",
        "bedrock:getModelCustomizationJob",
        comment="asks what the job made.",
        parameters={"JobIdentifier": "{% $customization_job %}"},
        resources=[customization.jobs],
        assign={
            "customized": {
                "name": _NAME,
                "job_arn": "{% $states.result.JobArn %}",
                "model_arn": "{% $states.result.OutputModelArn %}",
                "base_model_arn": "{% $states.result.BaseModelArn %}",
                "hyperparameters": "{% $run.customization.hyperparameters %}",
                "training_records": "{% $training_data.training_records %}",
                "training_loss": _or_null("$states.result.TrainingMetrics.TrainingLoss"),
                "validation_loss": _or_null("$states.result.ValidationMetrics[0].ValidationLoss"),
            }
        },
        outputs={},
    )


def _or_null(jsonata: str) -> str:
    """What Bedrock may leave out; an expression without a value would fail the state."""
    return f"{{% $exists({jsonata}) ? {jsonata} : null %}}"


def _evaluate(steps: Steps, customization: Customization) -> sfn.Chain:
    each = sfn.Map.jsonata(
        steps.scope,
        "EvaluateCustomModel",
        comment="FineTune: the customized model and its base answer the same test records.",
        items=sfn.ProvideItems.jsonata(_CANDIDATES),
        max_concurrency=2,
        item_selector={"run": _RUN, "candidate": "{% $states.context.Map.Item.Value %}"},
        assign={"customized_results": "{% $states.result %}"},
    )
    one = steps.failing_into(None).invoke(
        "EvaluateOnTest",
        customization.functions.evaluate,
        comment="asks one of the two and scores its answers.",
        payload={"run": "{% $states.input.run %}", "candidate": "{% $states.input.candidate %}"},
        also_retry=BROKEN_OFF,
    )
    each.item_processor(one)
    each.add_catch(steps.way_out, errors=["States.ALL"], assign=steps.failure(ERROR))
    return sfn.Chain.start(each)


def _judge(steps: Steps, customization: Customization) -> sfn.IChainable:
    return steps.invoke(
        "JudgeCustomModel",
        customization.functions.judge,
        comment="the floor, and better than its base.",
        payload={"run": "{% $run %}", "results": "{% $customized_results %}"},
    )


def _compare(steps: Steps, functions: WorkflowFunctions) -> sfn.IChainable:
    return steps.of("CompareWithChampion").invoke(
        "CompareCustomModel",
        functions.compare_with_champion,
        comment="the customized model against the one in use, example by example.",
        payload={"run": "{% $run %}"},
        assign={"comparison": PAYLOAD, "target": _TARGET},
    )
