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
from stacks.state_machine.deadline import not_past
from stacks.state_machine.delivery import Delivery
from stacks.state_machine.expiring import expire
from stacks.state_machine.retrying import Passing
from stacks.state_machine.steps import ERROR, Steps

POLL_SECONDS = 30
WAIT_HOURS = 2
_WAIT = f"{WAIT_HOURS * 3_600_000}"
_NAME = "{% $run.customization.name %}"
_TOKEN = "{% $hash($states.context.Execution.Id, 'SHA-256') %}"  # noqa: S105  (AWS's word for idempotency)
_TOO_LATE = "The schedule that ends the throughput is due: nothing is bought any more. Start a new run."
_SERVED = "Bedrock serves the customized model no sooner; delete what is left, and start a new run."


def tags(customization: Customization) -> list[dict[str, str]]:
    """Which workflow and which run a thing on Bedrock is of; the permissions go by the workflow's."""
    own = [{"Key": name, "Value": value} for name, value in customization.tags.items()]
    return [*own, {"Key": "run", "Value": "{% $run.run_id %}"}]


def serve(steps: Steps, customization: Customization, *, discard: sfn.State, then: sfn.IChainable) -> sfn.IChainable:
    """`DeployCustomModel`, or `ExpireThroughput` → `ProvisionThroughput` → … → `then`, which finds `$served_model_id`.

    `discard` is where a run goes whose model is not served after all.
    """
    steps = steps.failing_into(discard)
    if customization.expiry is None:
        return _deploy(steps, customization, then)
    return expire(steps, customization.expiry, customization.settings, then=_provision(steps, customization, then))


def _deploy(steps: Steps, customization: Customization, then: sfn.IChainable) -> sfn.IChainable:
    create = steps.call(
        "DeployCustomModel",
        "bedrock:createCustomModelDeployment",
        comment="has the customized model answer on demand, billed by the token.",
        parameters={
            "ModelDeploymentName": _NAME,
            "ModelArn": "{% $customized.model_arn %}",
            "ClientRequestToken": _TOKEN,
            "Tags": tags(customization),
        },
        resources=[customization.models],
        conditions=customization.own,
        assign={"served_model_id": "{% $states.result.CustomModelDeploymentArn %}", **_deadline()},
        outputs={},
    )
    steps.may(["bedrock:TagResource"], [customization.served], customization.made_its_own)
    describe = steps.call(
        "DescribeCustomModelDeployment",
        "bedrock:getCustomModelDeployment",
        comment="asks whether the customized model answers.",
        parameters={"CustomModelDeploymentIdentifier": "{% $served_model_id %}"},
        resources=[customization.served],
        outputs=_outcome(),
    )
    return create.next(_until_served(steps, "CustomModel", describe, "Active", then))


def _provision(steps: Steps, customization: Customization, then: sfn.IChainable) -> sfn.State:
    create = steps.call(
        "ProvisionThroughput",
        "bedrock:createProvisionedModelThroughput",
        comment="buys throughput by the hour, without a commitment.",
        parameters={
            "ProvisionedModelName": _NAME,
            # In the request itself: a redrive may begin with this state, long after the schedule was made.
            "ModelId": f"{{% $millis() < $buy_before ? $customized.model_arn : $error({json.dumps(_TOO_LATE)}) %}}",
            "ModelUnits": customization.settings.model_units,
            "ClientRequestToken": _TOKEN,
            "Tags": tags(customization),
        },
        resources=[customization.models],
        conditions=customization.own,
        assign={"served_model_id": "{% $states.result.ProvisionedModelArn %}", **_deadline()},
        outputs={},
    )
    steps.may(["bedrock:TagResource"], [customization.served], customization.made_its_own)
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
    return {"served_deadline": f"{{% $millis() + {_WAIT} %}}"}


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
    in_time = not_past("served_deadline", _WAIT)
    fork.when(sfn.Condition.jsonata(f"{{% $states.input.status = 'Creating' and {in_time} %}}"), wait)
    fork.otherwise(steps.way_out)
    wait.next(describe).next(fork)
    return wait


def delete_served(steps: Steps, delivery: Delivery, customization: Customization) -> sfn.State:
    """`FindServedModel` → `ReadTarget` → `ServedModelUsed` → `DeleteServedModel`: what was made by the run's name.

    What is not there is fine. What the gateway still asks stays, as where the former target could not be restored: a
    deployment costs nothing unless it is asked, and throughput ends by its schedule. So does throughput that is still
    being created, which cannot be deleted.
    """
    on_demand = customization.settings.serving == "on-demand"
    noun, identifier, arn = (
        ("CustomModelDeployment", "CustomModelDeploymentIdentifier", "CustomModelDeploymentArn")
        if on_demand
        else ("ProvisionedModelThroughput", "ProvisionedModelId", "ProvisionedModelArn")
    )
    way_out, steps = steps.way_out, steps.failing_into(None)
    find = steps.call(
        "FindServedModel",
        f"bedrock:get{noun}",
        comment="asks whether anything serves the customized model.",
        parameters={identifier: _NAME},
        resources=[customization.served],
        assign={"served_arn": f"{{% $states.result.{arn} %}}"},
        outputs={},
    )
    read = steps.call(
        "ReadTarget",
        "ssm:getParameter",
        comment="asks whom the gateway asks.",
        parameters={"Name": delivery.target.parameter_name},
        resources=[delivery.target.parameter_arn],
        outputs="{% {'used': $contains($states.result.Parameter.Value, $served_arn)} %}",
    )
    delete = steps.call(
        "DeleteServedModel",
        f"bedrock:delete{noun}",
        comment="takes back what serves the customized model.",
        parameters={identifier: "{% $served_arn %}"},
        resources=[customization.served],
        conditions=customization.own,
        passing=Passing(["Bedrock.ConflictException"]),
    )
    for task in (find, read, delete):
        if task is not read:
            task.add_catch(way_out, errors=["Bedrock.ResourceNotFoundException"])
        task.add_catch(way_out, errors=["States.ALL"], assign=steps.failure(ERROR))
    fork = steps.choice("ServedModelUsed", comment="does the gateway still ask the customized model?")
    fork.when(sfn.Condition.jsonata("{% $states.input.used %}"), way_out).otherwise(delete)
    delete.next(way_out)
    return find.next(read).next(fork).start_state
