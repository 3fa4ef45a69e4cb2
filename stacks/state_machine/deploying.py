"""Step 4: approval, and the roll-out through CloudFormation.

The approved model's address goes into a parameter that the serving stack reads; the target document goes into
the one that the gateway reads, and only once the endpoint is up.
"""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_stepfunctions as sfn

from stacks.state_machine.delivery import UPDATE_WITHIN, Delivery
from stacks.state_machine.finishing import finish
from stacks.state_machine.functions import WorkflowFunctions
from stacks.state_machine.retrying import Patience
from stacks.state_machine.steps import ON_ENDPOINT, RESULT, Steps
from stacks.state_machine.taking_back import roll_back

# A roll-out takes its update's time, and as long again when it is taken back.
_OTHERS_ROLLOUT = Patience(("RolloutBusy",), cdk.Duration.minutes(1), int(2 * UPDATE_WITHIN.to_minutes()))


def deploy(
    steps: Steps,
    functions: WorkflowFunctions,
    delivery: Delivery,
    *,
    approve_within: cdk.Duration,
    discard: sfn.State,
) -> sfn.State:
    """`AwaitApproval` → `ClaimRollout` → `Deploy` → … → `SmokeTest` → `Record` → `Succeeded`.

    `discard` is where a run goes whose model is not to be deployed after all.
    """
    steps = steps.of("Deploy")
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
        steps.failing_into(discard),
        "ApproveModelPackage",
        "{% $comparison.fine_tuned.model_package_arn %}",
        "Approved",
        comment="approves the package.",
    ).next(model)
    fork = steps.choice("Deploy", comment="a model tuned on SageMaker needs its endpoint; one on Bedrock does not.")
    fork.when(ON_ENDPOINT, package).otherwise(publish)
    discarding = steps.failing_into(discard)
    approval = _approval(discarding.of("AwaitApproval"), functions, approve_within)
    return approval.next(_claim(discarding, functions)).next(fork).start_state


def _claim(steps: Steps, functions: WorkflowFunctions) -> sfn.IChainable:
    return steps.invoke(
        "ClaimRollout",
        functions.claim_rollout,
        comment="waits until no other run deploys; refuses if another model was deployed meanwhile.",
        payload={"run": "{% $run %}"},
        also_retry=_OTHERS_ROLLOUT,
    )


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
