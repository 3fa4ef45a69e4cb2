"""Step 4: approval, and the roll-out through CloudFormation.

The approved model's address goes into a parameter that the serving stack reads; the target document goes into
the one that the gateway reads, and only once the endpoint is up.
"""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_stepfunctions as sfn

from stacks.state_machine.delivery import Delivery
from stacks.state_machine.finishing import finish
from stacks.state_machine.functions import WorkflowFunctions
from stacks.state_machine.steps import RESULT, TUNED, Steps
from stacks.state_machine.taking_back import discard_model, roll_back


def deploy(
    steps: Steps, functions: WorkflowFunctions, delivery: Delivery, *, approve_within: cdk.Duration
) -> sfn.State:
    """`AwaitApproval` → `Deploy` → … → `SmokeTest` → `Record` → `Succeeded`."""
    steps = steps.of("Deploy")
    discard = discard_model(steps, delivery)
    rolling_back = roll_back(steps, delivery, then=discard)
    rollout = steps.failing_into(rolling_back)
    publish = delivery.publish_target(
        rollout, "PublishTarget", "{% $target %}", comment="the gateway uses the model from now on."
    ).next(finish(steps, functions, delivery, rolling_back))
    model = delivery.serve(
        rollout,
        "PublishModel",
        "Serving",
        "{% $comparison.fine_tuned.model_data_url %}",
        comment="names the approved model to the serving stack.",
        watched=True,
        then=publish,
        otherwise=rolling_back,
    )
    package = delivery.judge_package(
        steps.failing_into(discard), "ApproveModelPackage", "Approved", comment="approves the package."
    ).next(model)
    fork = steps.choice("Deploy", comment="a tuned model needs its endpoint; a foundation model does not.")
    fork.when(TUNED, package).otherwise(publish)
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
