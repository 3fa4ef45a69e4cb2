"""What a run undoes: a roll-out that failed, a package that was not deployed, an endpoint without a use."""

from __future__ import annotations

from aws_cdk import aws_stepfunctions as sfn

from stacks.customization import Customization
from stacks.state_machine.customized import delete_served
from stacks.state_machine.delivery import Delivery
from stacks.state_machine.steps import ON_ENDPOINT, Steps


def roll_back(steps: Steps, delivery: Delivery, *, then: sfn.State) -> sfn.State:
    """`RestoreTarget` → … → `then`: the gateway first, so that no request meets the bad model any more.

    Where the roll-back itself fails, `then` comes too: the package must not stay approved.
    """
    steps = steps.taking_back().failing_into(then)
    model = delivery.serve(
        steps,
        "RestoreModel",
        "FormerServing",
        "{% $run.champion_model_data_url %}",
        comment="names the former model to the serving stack.",
        # The alarms may still ring for the bad model: they must not undo its removal.
        watched=False,
        then=then,
        otherwise=steps.way_out,
    )
    fork = steps.choice("RestoreServing", comment="was the serving stack touched?")
    fork.when(ON_ENDPOINT, model).otherwise(then)
    target = delivery.publish_target(
        steps,
        "RestoreTarget",
        "{% $exists($run.champion.kind) ? $string($run.champion) : 'none' %}",
        comment="the gateway goes back to the former model.",
    )
    return target.next(fork).start_state


def discard_model(steps: Steps, delivery: Delivery, customization: Customization | None) -> sfn.State:
    """`DiscardModel` → … → `RejectModelPackage`: what was not deployed must not look approvable in the registry.

    What serves a customized model is deleted: nobody asks it, and it may bill by the hour.
    """
    steps = steps.taking_back()
    reject = delivery.judge_package(
        steps,
        "RejectModelPackage",
        "{% $states.input.arn %}",
        "Rejected",
        comment="takes the package out of the running.",
    ).next(steps.way_out)
    registered = steps.choice("ModelRegistered", comment="did the pipeline register a model package?")
    registered.when(sfn.Condition.jsonata("{% $exists($states.input.arn) %}"), reject).otherwise(steps.way_out)
    find = delivery.find_package(
        steps, "FindModelPackage", comment="asks the pipeline's execution for what it registered."
    ).next(registered)
    fork = steps.choice("DiscardModel", comment="was a model tuned?")
    tuned = sfn.Condition.jsonata("{% $pipeline_execution_arn != null %}")
    fork.when(tuned, find)
    if customization is not None:
        customized = sfn.Condition.jsonata("{% $customized != null %}")
        fork.when(customized, delete_served(steps, delivery, customization))
    return fork.otherwise(steps.way_out)


def retire_endpoint(steps: Steps, delivery: Delivery, *, then: sfn.State) -> sfn.State:
    """`EndpointUnused` → `RetireModel` → … → `then`: an endpoint whose model was succeeded by a foundation model.

    Nobody asks it any longer, and it may bill by the hour. The new model serves already: a failure here fails
    the run, so that somebody looks, and takes nothing back.
    """
    retire = delivery.serve(
        steps,
        "RetireModel",
        "RetiredServing",
        "none",
        comment="names no model to the serving stack, which then has no endpoint.",
        watched=False,
        then=then,
        otherwise=steps.way_out,
    )
    serves = "$selection.needs_tuning and $run.tuning_service = 'sagemaker'"
    unused = f"{{% $not({serves}) and $run.champion_model_data_url != 'none' %}}"
    fork = steps.choice("EndpointUnused", comment="does an endpoint stand that nobody needs?")
    return fork.when(sfn.Condition.jsonata(unused), retire).otherwise(then)
