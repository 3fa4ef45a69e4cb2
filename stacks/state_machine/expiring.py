"""The end of provisioned throughput, which is scheduled before anything is bought.

The schedule bears the run's name. One that is there already, as after a redrive, is moved to the new end: what state it
is in, and whether it is still to come, then does not matter.
"""

from __future__ import annotations

from typing import Any

from aws_cdk import aws_stepfunctions as sfn

from cdk_app.settings import BedrockCustomization
from stacks.state_machine.steps import ERROR, Steps
from stacks.throughput_expiry import ThroughputExpiry

_HOUR = 3_600_000
# From the last moment at which throughput is bought to its end: what is bought must be there when it is deleted.
_MARGIN = 1_200_000


def expire(
    steps: Steps, expiry: ThroughputExpiry, settings: BedrockCustomization, *, then: sfn.State
) -> sfn.IChainable:
    """`ExpireThroughput` → `then`, or → `MoveExpiry` → `then`. Sets `$buy_before`, in milliseconds."""
    way_out, steps = steps.way_out, steps.failing_into(None)
    request: dict[str, Any] = {
        "parameters": _schedule(expiry, settings.time_to_live_hours),
        "resources": [expiry.schedules],
        "assign": {"buy_before": f"{{% $millis() + {settings.time_to_live_hours * _HOUR - _MARGIN} %}}"},
        "outputs": {},
    }
    create = steps.call(
        "ExpireThroughput",
        "scheduler:createSchedule",
        comment="schedules the end of the throughput, before it begins.",
        **request,
    )
    move = steps.call(
        "MoveExpiry",
        "scheduler:updateSchedule",
        comment="moves the end that a former attempt of the run has scheduled.",
        **request,
    )
    create.add_catch(move, errors=["Scheduler.ConflictException"])
    for task in (create, move):
        task.add_catch(way_out, errors=["States.ALL"], assign=steps.failure(ERROR))
    move.next(then)
    return create.next(then)


def _schedule(expiry: ThroughputExpiry, hours: int) -> dict[str, Any]:
    """A schedule, whole: an update resets what it does not name."""
    at = f"$fromMillis($millis() + {hours * _HOUR}, '[Y0001]-[M01]-[D01]T[H01]:[m01]:[s01]')"
    return {
        "Name": "{% $run.customization.name %}",
        "Description": "Deletes the provisioned throughput of this name when its time to live is over.",
        "ScheduleExpression": f"{{% 'at(' & {at} & ')' %}}",
        "ScheduleExpressionTimezone": "UTC",
        "FlexibleTimeWindow": {"Mode": "OFF"},
        "State": "ENABLED",
        "ActionAfterCompletion": "DELETE",
        "Target": {
            "Arn": expiry.function.function_arn,
            "RoleArn": expiry.scheduler_role.role_arn,
            "Input": "{% $string({'name': $run.customization.name, 'run_id': $run.run_id}) %}",
            "RetryPolicy": {"MaximumEventAgeInSeconds": 86_400, "MaximumRetryAttempts": 185},
        },
    }
