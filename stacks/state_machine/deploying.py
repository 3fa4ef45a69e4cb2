"""Step 4: approval, roll-out through CloudFormation, a test through the API, and the record of it all.

The approved model's address goes into a parameter that the serving stack reads; the target document goes into
the one that the gateway reads, and only once the endpoint is up.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import aws_cdk as cdk
from aws_cdk import aws_ssm as ssm
from aws_cdk import aws_stepfunctions as sfn
from aws_cdk import aws_stepfunctions_tasks as tasks

from stacks.state_machine.functions import WorkflowFunctions
from stacks.state_machine.stack_update import StackUpdate
from stacks.state_machine.steps import PAYLOAD, RESULT, Steps

UPDATE_WITHIN = cdk.Duration.minutes(90)
_PACKAGE_ARN = "{% $comparison.fine_tuned.model_package_arn %}"
_TUNED = sfn.Condition.jsonata("{% $selection.needs_tuning %}")


@dataclass(frozen=True)
class Delivery:
    """Where an approved model goes: the two parameters, the stack that reads one, the packages' ARN pattern.

    `alarms` are those of the endpoint, by ARN.
    """

    model_data_url: ssm.StringParameter
    target: ssm.StringParameter
    stack_id: str
    stack_parameter: str
    alarms: Sequence[str]
    model_packages: str

    def put(
        self, steps: Steps, name: str, parameter: ssm.StringParameter, value: str, comment: str, **assign: str
    ) -> tasks.CallAwsService:
        """A state that writes `value` into `parameter`."""
        return steps.call(
            name,
            "ssm",
            "putParameter",
            comment=comment,
            parameters={
                "Name": parameter.parameter_name,
                "Value": value,
                "Type": "String",
                "Overwrite": True,
            },
            resources=[parameter.parameter_arn],
            assign=assign or None,
            also_retry=["Ssm.TooManyUpdatesException"],
            outputs={},
        )

    def stack_update(self, steps: Steps, noun: str, alarms: Sequence[str] = ()) -> StackUpdate:
        """The update that makes the serving stack read the model's address anew."""
        return StackUpdate(steps, noun, self.stack_id, self.stack_parameter, "serving_deadline", alarms)


def deploy(
    steps: Steps, functions: WorkflowFunctions, delivery: Delivery, *, approve_within: cdk.Duration
) -> sfn.State:
    """`AwaitApproval` → `Deploy` → … → `SmokeTest` → `Record` → `Succeeded`."""
    discard = _discard_model(steps.of("Deploy"), delivery)
    roll_back = _roll_back(steps.of("Deploy"), delivery, then=discard)
    finish = _finish(steps, functions, roll_back)
    rollout = steps.of("Deploy").failing_into(roll_back)
    publish = delivery.put(
        rollout, "PublishTarget", delivery.target, "{% $target %}", "the gateway uses the model from now on."
    ).next(finish)
    update = delivery.stack_update(rollout, "Serving", delivery.alarms)
    model = delivery.put(
        rollout,
        "PublishModel",
        delivery.model_data_url,
        "{% $comparison.fine_tuned.model_data_url %}",
        "names the approved model to the serving stack.",
        **update.deadline_after(UPDATE_WITHIN),
    ).next(update.states(then=publish, otherwise=roll_back))
    package = _judge_package(
        rollout.failing_into(discard), "ApproveModelPackage", "Approved", "approves the package.", delivery
    ).next(model)
    fork = rollout.choice("Deploy", comment="a tuned model needs its endpoint; a foundation model does not.")
    fork.when(_TUNED, package).otherwise(publish)
    approval = steps.of("AwaitApproval").failing_into(discard)
    return _approval(approval, functions, approve_within).next(fork).start_state


def _approval(steps: Steps, functions: WorkflowFunctions, within: cdk.Duration) -> sfn.Chain:
    return sfn.Chain.start(
        steps.invoke(
            "AwaitApproval",
            functions.request_approval,
            comment="waits for a person, or for nobody where the settings say so.",
            payload={
                "run": "{% $run %}",
                "comparison": "{% $comparison %}",
                "selection": "{% $selection %}",
                "task_token": "{% $states.context.Task.Token %}",
            },
            assign={"approval": RESULT},
            callback_within=within,
        )
    )


def _judge_package(steps: Steps, name: str, status: str, comment: str, delivery: Delivery) -> tasks.CallAwsService:
    return steps.call(
        name,
        "sagemaker",
        "updateModelPackage",
        comment=comment,
        parameters={
            "ModelPackageArn": _PACKAGE_ARN,
            "ModelApprovalStatus": status,
            "ApprovalDescription": "{% 'Run ' & $run.run_id %}",
        },
        resources=[delivery.model_packages],
        outputs={},
    )


def _finish(steps: Steps, functions: WorkflowFunctions, roll_back: sfn.State) -> sfn.State:
    test = (
        steps.of("SmokeTest")
        .failing_into(roll_back)
        .invoke(
            "SmokeTest",
            functions.smoke_test,
            comment="sends held-out records through the API.",
            payload={"run": "{% $run %}"},
            assign={"smoke_test": PAYLOAD},
        )
    )
    everything: Sequence[str] = (
        "run",
        "data",
        "candidates",
        "selection",
        "pipeline_execution_arn",
        "comparison",
        "approval",
        "target",
        "smoke_test",
    )
    record = steps.of("Record").invoke(
        "Record",
        functions.record,
        comment="writes the lineage of the run.",
        payload={name: f"{{% ${name} %}}" for name in everything},
    )
    done = sfn.Succeed.jsonata(
        steps.scope,
        "Succeeded",
        comment="The model is deployed, tested and recorded.",
        outputs={
            "run_id": "{% $run.run_id %}",
            "target": "{% $target %}",
            "lineage_key": "{% $states.input.lineage_key %}",
        },
    )
    return test.next(record).next(done).start_state


def _discard_model(steps: Steps, delivery: Delivery) -> sfn.State:
    """`DiscardModel` → `RejectModelPackage`: what was not deployed must not look approvable in the registry."""
    steps = steps.of("RollBack")
    reject = _judge_package(
        steps, "RejectModelPackage", "Rejected", "takes the package out of the running.", delivery
    ).next(steps.way_out)
    fork = steps.choice("DiscardModel", comment="is there a model package?")
    return fork.when(_TUNED, reject).otherwise(steps.way_out)


def _roll_back(steps: Steps, delivery: Delivery, *, then: sfn.IChainable) -> sfn.State:
    """`RestoreTarget` → … → `then`: the gateway first, so that no request meets the bad model any more."""
    steps = steps.of("RollBack")
    # The alarms may still ring for the bad model: they must not undo its removal.
    update = delivery.stack_update(steps, "FormerServing")
    model = delivery.put(
        steps,
        "RestoreModel",
        delivery.model_data_url,
        "{% $run.champion_model_data_url %}",
        "names the former model to the serving stack.",
        **update.deadline_after(UPDATE_WITHIN),
    ).next(update.states(then=then, otherwise=steps.way_out))
    fork = steps.choice("RestoreServing", comment="was the serving stack touched?")
    fork.when(_TUNED, model).otherwise(then)
    target = delivery.put(
        steps,
        "RestoreTarget",
        delivery.target,
        "{% $exists($run.champion.kind) ? $string($run.champion) : 'none' %}",
        "the gateway goes back to the former model.",
    )
    return target.next(fork).start_state
