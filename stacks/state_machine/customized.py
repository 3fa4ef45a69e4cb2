"""What serves a customized model, on demand or with provisioned throughput: made, waited for, and deleted again.

All of it is found by one name, the run's, which is known before anything is asked for: so whatever state a run ends
in, it can be taken back. Throughput bills by the hour: the schedule that deletes it is made first, and holds whatever
becomes of the run.
"""

from __future__ import annotations

import json
from typing import Any

from aws_cdk import aws_stepfunctions as sfn
from aws_cdk import aws_stepfunctions_tasks as tasks

from stacks.customization import Customization
from stacks.state_machine.retrying import Passing
from stacks.state_machine.steps import ERROR, Steps

POLL_SECONDS = 30
WAIT_HOURS = 2
_NAME = "{% $run.customization.name %}"
_TOKEN = "{% $hash($states.context.Execution.Id, 'SHA-256') %}"  # noqa: S105  (AWS's word for idempotency)
_SERVED = "Bedrock serves the customized model no sooner; delete what is left, and start a new run."


def tags() -> list[dict[str, str]]:
    """Which workflow and which run a thing on Bedrock is of."""
    return [
        {"Key": "project", "Value": "{% $run.customization.name %}"},
        {"Key": "run", "Value": "{% $run.run_id %}"},
    ]


def serve(steps: Steps, customization: Customization, *, discard: sfn.State, then: sfn.IChainable) -> sfn.IChainable:
    """`DeployCustomModel`, or `ExpireThroughput` → `ProvisionThroughput` → … → `then`, which finds `$served_model_id`.

    `discard` is where a run goes whose model is not served after all.
    """
    steps = steps.failing_into(discard)
    if customization.settings.serving == "on-demand":
        return _deploy(steps, customization, then)
    return _expire(steps, customization, then=_provision(steps, customization, then))


def _deploy(steps: Steps, customization: Customization, then: sfn.IChainable) -> sfn.IChainable:
    create = steps.call(
        "DeployCustomModel",
        "bedrock:createCustomModelDeployment",
        comment="has the customized model answer on demand, billed by the token.",
        parameters={
            "ModelDeploymentName": _NAME,
            "ModelArn": "{% $customized.model_arn %}",
            "ClientRequestToken": _TOKEN,
            "Tags": tags(),
        },
        resources=[customization.models],
        assign={"served_model_id": "{% $states.result.CustomModelDeploymentArn %}", **_deadline()},
        outputs={},
    )
    steps.may(["bedrock:TagResource"], [customization.served])
    describe = steps.call(
        "DescribeCustomModelDeployment",
        "bedrock:getCustomModelDeployment",
        comment="asks whether the customized model answers.",
        parameters={"CustomModelDeploymentIdentifier": "{% $served_model_id %}"},
        resources=[customization.served],
        outputs=_outcome(),
    )
    return create.next(_until_served(steps, "CustomModel", describe, "Active", then))


def _expire(steps: Steps, customization: Customization, *, then: sfn.State) -> sfn.IChainable:
    """The schedule comes before what it deletes: nothing that bills is ever without an end."""
    hours = customization.settings.time_to_live_hours
    at = f"{{% 'at(' & $fromMillis($millis() + {hours} * 3600000, '[Y0001]-[M01]-[D01]T[H01]:[m01]:[s01]') & ')' %}}"
    text = "{% $string({'name': $run.customization.name, 'run_id': $run.run_id}) %}"
    task = steps.failing_into(None).call(
        "ExpireThroughput",
        "scheduler:createSchedule",
        comment="schedules the end of the throughput, before it begins.",
        parameters={
            "Name": _NAME,
            "Description": "Deletes the provisioned throughput of this name when its time to live is over.",
            "ScheduleExpression": at,
            "ScheduleExpressionTimezone": "UTC",
            "FlexibleTimeWindow": {"Mode": "OFF"},
            "ActionAfterCompletion": "DELETE",
            "ClientToken": _TOKEN,
            "Target": {
                "Arn": customization.expire_throughput.function_arn,
                "RoleArn": customization.scheduler_role.role_arn,
                "Input": text,
                "RetryPolicy": {"MaximumEventAgeInSeconds": 86_400, "MaximumRetryAttempts": 185},
            },
        },
        resources=[customization.schedules],
        outputs={},
    )
    # A run that is redriven finds the schedule that it made before.
    task.add_catch(then, errors=["Scheduler.ConflictException"])
    task.add_catch(steps.way_out, errors=["States.ALL"], assign=steps.failure(ERROR))
    return task.next(then)


def _provision(steps: Steps, customization: Customization, then: sfn.IChainable) -> sfn.State:
    create = steps.call(
        "ProvisionThroughput",
        "bedrock:createProvisionedModelThroughput",
        comment="buys throughput by the hour, without a commitment.",
        parameters={
            "ProvisionedModelName": _NAME,
            "ModelId": "{% $customized.model_arn %}",
            "ModelUnits": customization.settings.model_units,
            "ClientRequestToken": _TOKEN,
            "Tags": tags(),
        },
        resources=[customization.models],
        assign={"served_model_id": "{% $states.result.ProvisionedModelArn %}", **_deadline()},
        outputs={},
    )
    steps.may(["bedrock:TagResource"], [customization.served])
    describe = steps.call(
        "DescribeThroughput",
        "bedrock:getProvisionedModelThroughput",
        comment="asks whether the throughput is there.",
        parameters={"ProvisionedModelId": "{% $served_model_id %}"},
        resources=[customization.served],
        outputs=_outcome(),
    )
    return create.next(_until_served(steps, "Throughput", describe, "InService", then)).start_state


def _deadline() -> dict[str, str]:
    return {"served_deadline": f"{{% $millis() + {WAIT_HOURS * 3_600_000} %}}"}


def _outcome() -> str:
    reason = "$exists($states.result.FailureMessage) ? $states.result.FailureMessage : 'Bedrock gave no reason.'"
    return f"{{% {{'status': $states.result.Status, 'reason': {reason}}} %}}"


def _until_served(
    steps: Steps, noun: str, describe: tasks.CallAwsService, ready: str, then: sfn.IChainable
) -> sfn.Wait:
    failed: dict[str, Any] = {
        "Error": "CustomModelNotServed",
        "Cause": f"{{% 'What serves the customized model is ' & $states.input.status & ': ' & $states.input.reason "
        f"& ' {_SERVED}' %}}",
    }
    wait = steps.wait(f"WaitFor{noun}", POLL_SECONDS, comment="gives Bedrock time.")
    fork = steps.choice(f"{noun}Served", comment="does it answer?", assign=steps.failure(failed))
    fork.when(sfn.Condition.jsonata(f"{{% $states.input.status = {json.dumps(ready)} %}}"), then)
    fork.when(sfn.Condition.jsonata("{% $states.input.status = 'Creating' and $millis() < $served_deadline %}"), wait)
    fork.otherwise(steps.way_out)
    wait.next(describe).next(fork)
    return wait


def delete_served(steps: Steps, customization: Customization) -> sfn.State:
    """`DeleteServedModel`: what was made by the run's name is deleted; what is not there is fine.

    Throughput that is still being created cannot be deleted: its schedule does it then.
    """
    on_demand = customization.settings.serving == "on-demand"
    task = steps.failing_into(None).call(
        "DeleteServedModel",
        f"bedrock:{'deleteCustomModelDeployment' if on_demand else 'deleteProvisionedModelThroughput'}",
        comment="takes back what serves the customized model.",
        parameters={("CustomModelDeploymentIdentifier" if on_demand else "ProvisionedModelId"): _NAME},
        resources=[customization.served],
        passing=Passing(["Bedrock.ConflictException"]),
    )
    task.add_catch(steps.way_out, errors=["Bedrock.ResourceNotFoundException"])
    task.add_catch(steps.way_out, errors=["States.ALL"], assign=steps.failure(ERROR))
    return task.next(steps.way_out).start_state
