"""Updating the serving stack with its previous template, so that it reads the approved model's address anew.

CloudFormation makes the change, shifts the endpoint's traffic and rolls back if an alarm rings. It acts with
the role that `cdk deploy` associated with the stack (the bootstrap's `cfn-exec` role): once a stack has a
role, CloudFormation uses it for every later operation, and whoever asks needs neither `iam:PassRole` nor the
permissions of the change. A stack that was deployed without that role cannot be rolled out this way.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_stepfunctions as sfn
from aws_cdk import aws_stepfunctions_tasks as tasks

from stacks.state_machine.deadline import not_past
from stacks.state_machine.retrying import Passing
from stacks.state_machine.steps import ERROR, INPUT, Steps

POLL_SECONDS = 15
EVENTS_SHOWN = 3
MONITORING_MINUTES = 5
_UNCHANGED = "No updates are to be performed"
_PASSING = ("_IN_PROGRESS state", "Rate exceeded", "Throttling")


@dataclass(frozen=True)
class StackUpdate:
    """One update of one stack. `noun` tells the states of two updates apart: `UpdateServing`, `WaitForServing`…

    `deadline` is the name of the variable with the time, in epoch milliseconds, until which to wait: `within` of the
    beginning. CloudFormation undoes the update when one of `alarms` begins to ring during it, or just after it.
    """

    steps: Steps
    noun: str
    stack_id: str
    parameter: str
    deadline: str
    within: cdk.Duration
    alarms: Sequence[cloudwatch.IAlarm] = ()

    def begin(self) -> dict[str, str]:
        """The assignment that an earlier state makes."""
        return {self.deadline: f"{{% $millis() + {self._milliseconds} %}}"}

    def states(self, *, then: sfn.IChainable, otherwise: sfn.IChainable) -> tasks.CallAwsService:
        """From the request to `then`, or, with `$failure` set, to `otherwise`."""
        update = self._update_and_wait(then, otherwise)
        if not self.alarms:
            return update
        look = self._find_quiet_alarms()
        look.next(update)
        return look

    def _find_quiet_alarms(self) -> tasks.CallAwsService:
        """An alarm that rings already rings for the former model, and would forbid to replace it."""
        return self.steps.call(
            f"Find{self.noun}Alarms",
            "cloudwatch:describeAlarms",
            comment="finds the alarms that are quiet before the update.",
            parameters={"AlarmNames": [alarm.alarm_name for alarm in self.alarms], "AlarmTypes": ["MetricAlarm"]},
            resources=[alarm.alarm_arn for alarm in self.alarms],
            assign={"quiet_alarms": "{% [$states.result.MetricAlarms[StateValue != 'ALARM'].AlarmArn] %}"},
            outputs={},
        )

    def _update_and_wait(self, then: sfn.IChainable, otherwise: sfn.IChainable) -> tasks.CallAwsService:
        noun, steps = self.noun, self.steps
        wait = steps.wait(f"WaitFor{noun}", POLL_SECONDS, comment="gives CloudFormation time.")
        describe = steps.call(
            f"Describe{noun}",
            "cloudformation:describeStacks",
            comment="asks how far the update is.",
            parameters={"StackName": self.stack_id},
            resources=[self.stack_id],
            outputs="{% {'status': $states.result.Stacks[0].StackStatus} %}",
        )
        updated = steps.choice(f"{noun}Updated", comment="is the stack updated?")
        updated.when(sfn.Condition.jsonata(self._in_progress), wait)
        updated.when(sfn.Condition.jsonata("{% $states.input.status = 'UPDATE_COMPLETE' %}"), then)
        updated.otherwise(self._explain(otherwise))
        wait.next(describe).next(updated)
        return self._update(wait, then, otherwise)

    @property
    def _rollback_configuration(self) -> dict[str, object]:
        """What CloudFormation watches. The empty list also takes away what an earlier update named."""
        if not self.alarms:
            return {"RollbackTriggers": []}
        triggers = "{% [$quiet_alarms.{'Arn': $, 'Type': 'AWS::CloudWatch::Alarm'}] %}"
        # A first model has no requests yet that could go wrong.
        minutes = f"{{% $run.champion_model_data_url = 'none' ? 0 : {MONITORING_MINUTES} %}}"
        return {"RollbackTriggers": triggers, "MonitoringTimeInMinutes": minutes}

    @property
    def _milliseconds(self) -> str:
        return f"{self.within.to_milliseconds():.0f}"

    @property
    def _in_time(self) -> str:
        return not_past(self.deadline, self._milliseconds)

    @property
    def _in_progress(self) -> str:
        return f"{{% $contains($states.input.status, '_IN_PROGRESS') and {self._in_time} %}}"

    def _update(self, wait: sfn.Wait, then: sfn.IChainable, otherwise: sfn.IChainable) -> tasks.CallAwsService:
        noun = self.noun
        pause = self.steps.wait(f"WaitToUpdate{noun}", POLL_SECONDS, comment="the stack is busy; tries again.")
        refused = self.steps.choice(f"{noun}UpdateRefused", comment="why not?", assign=self.steps.failure(INPUT))
        update = self.steps.failing_into(None).call(
            f"Update{noun}",
            "cloudformation:updateStack",
            comment="updates the serving stack with its previous template.",
            parameters={
                "StackName": self.stack_id,
                "UsePreviousTemplate": True,
                "Parameters": [{"ParameterKey": self.parameter, "UsePreviousValue": True}],
                "Capabilities": ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"],
                "RollbackConfiguration": self._rollback_configuration,
            },
            resources=[self.stack_id],
            passing=Passing(refusals=False),
        )
        update.add_catch(refused, errors=["States.ALL"], outputs=ERROR)
        refused.when(_cause_contains(_UNCHANGED), then, comment="The stack already is as it should be.")
        refused.when(_cause_contains(*_PASSING, condition=f" and {self._in_time}"), pause)
        refused.otherwise(otherwise)
        pause.next(update)
        update.next(wait)
        return update

    def _explain(self, otherwise: sfn.IChainable) -> sfn.IChainable:
        """CloudFormation's own reason lies in the stack's events (newest first), not in its status."""
        failures = (
            "$states.result.StackEvents[$contains(ResourceStatus, 'FAILED')]"
            ".(LogicalResourceId & ': ' & ResourceStatusReason)"
        )
        cause = (
            "{% 'The serving stack is ' & $states.input.status & '. ' "
            f"& $join(({failures})[[0..{EVENTS_SHOWN - 1}]], '; ') %}}"
        )
        explain = self.steps.failing_into(None).call(
            f"Explain{self.noun}",
            "cloudformation:describeStackEvents",
            comment="finds the resource that CloudFormation could not update.",
            parameters={"StackName": self.stack_id},
            resources=[self.stack_id],
            assign=self.steps.failure({"Error": "ServingUpdateFailed", "Cause": cause}),
            outputs={},
        )
        explain.add_catch(otherwise, errors=["States.ALL"], assign=self.steps.failure(ERROR))
        return explain.next(otherwise)


def _cause_contains(*texts: str, condition: str = "") -> sfn.Condition:
    # A condition that is not a boolean fails the execution, past every catch; an error may come without a cause.
    found = " or ".join(f"$contains($states.input.Cause, '{text}')" for text in texts)
    return sfn.Condition.jsonata(f"{{% $exists($states.input.Cause) and ({found}){condition} %}}")
