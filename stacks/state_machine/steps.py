"""How a state of the workflow is made: every task gets a timeout, retries, a way out, and its permission.

The machine speaks JSONata: what a state learns goes into a variable (`$run`, `$selection`…) and later states
read that, so no state has to carry what it does not use. A task that fails leaves its name and the error in
`$failure` and goes where its `Steps` says.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

import aws_cdk as cdk
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_stepfunctions as sfn
from aws_cdk import aws_stepfunctions_tasks as tasks
from constructs import Construct

from stacks.state_machine.retrying import LAMBDA_ERRORS, REFUSALS, Passing, Patience

Conditions = Mapping[str, Mapping[str, str]]
_Task = TypeVar("_Task", bound=sfn.TaskStateBase)
_PATTERNS = {
    False: sfn.IntegrationPattern.REQUEST_RESPONSE,
    True: sfn.IntegrationPattern.WAIT_FOR_TASK_TOKEN,
}

RESULT = "{% $states.result %}"
INPUT = "{% $states.input %}"
PAYLOAD = "{% $states.result.Payload %}"
NULL = "{% null %}"
ERROR = "{% $states.errorOutput %}"
TUNED = sfn.Condition.jsonata("{% $selection.needs_tuning %}")
ON_ENDPOINT = sfn.Condition.jsonata("{% $selection.needs_tuning and $run.tuning_service = 'sagemaker' %}")
"""A tuned model has an endpoint of its own, unless Bedrock customized it."""
CALL_TIMEOUT = cdk.Duration.minutes(1)


_FIRST_FAILURE = "{% $exists($failure.first) ? $failure.first : $failure %}"


@dataclass(frozen=True)
class Steps:
    """Makes the states of one `step` within `scope`, and remembers which actions they need on which resources.

    Each state's comment starts with its step, which is how a reader of the history knows what a state is part
    of. `on_error` is the state that follows a failed task; None lets the error rise, as inside a Map. States that
    are `after_failure` keep what failed first, should they fail as well.
    """

    scope: Construct
    step: str
    on_error: sfn.State | None
    needed: dict[tuple[str, str], dict[str, None]] = field(default_factory=dict)
    after_failure: bool = False

    def of(self, step: str) -> Steps:
        """The same, for the states of another step."""
        return replace(self, step=step)

    def failing_into(self, state: sfn.State | None) -> Steps:
        """The same, for tasks whose failure has to go another way."""
        return replace(self, on_error=state)

    def taking_back(self) -> Steps:
        """The same, for states that undo what a failed step did."""
        return replace(self, step="RollBack", after_failure=True)

    def invoke(
        self,
        name: str,
        function: lambda_.Function,
        *,
        comment: str,
        payload: Mapping[str, Any],
        assign: Mapping[str, Any] | None = None,
        callback_within: cdk.Duration | None = None,
        also_retry: Patience | None = None,
    ) -> tasks.LambdaInvoke:
        """A task that calls `function` with `payload`; the answer becomes the state's output.

        With `callback_within` the answer is what somebody gives back with the task token, by then.
        """
        waits = callback_within is not None
        task = tasks.LambdaInvoke.jsonata(
            self.scope,
            name,
            comment=self._comment(comment),
            lambda_function=function,
            payload=sfn.TaskInput.from_object(dict(payload)),
            integration_pattern=_PATTERNS[waits],
            retry_on_service_exceptions=False,
            task_timeout=sfn.Timeout.duration(callback_within or _longer_than(function)),
            assign=assign,
            outputs=RESULT if waits else PAYLOAD,
        )
        self.may(["lambda:InvokeFunction"], [function.function_arn])
        if also_retry is not None:
            also_retry.give(task)
        return self.guard(task, LAMBDA_ERRORS)

    def call(
        self,
        name: str,
        operation: str,
        *,
        comment: str,
        parameters: Mapping[str, Any],
        resources: Sequence[str],
        assign: Mapping[str, Any] | None = None,
        outputs: Any = None,
        passing: Passing = REFUSALS,
        conditions: Conditions | None = None,
    ) -> tasks.CallAwsService:
        """A task that makes one API call, such as `ssm:putParameter`, on exactly `resources`, under `conditions`."""
        service, _, action = operation.partition(":")
        task = tasks.CallAwsService.jsonata(
            self.scope,
            name,
            comment=self._comment(comment),
            service=service,
            action=action,
            parameters=parameters,
            iam_resources=resources,
            task_timeout=sfn.Timeout.duration(CALL_TIMEOUT),
            assign=assign,
            outputs=outputs,
        )
        self.may([f"{service}:{action[0].upper()}{action[1:]}"], resources, conditions)
        return self.guard(task, passing.names(service))

    def wait(self, name: str, seconds: int | str, *, comment: str) -> sfn.Wait:
        """A pause between two looks at something that takes its time; `seconds` may be JSONata."""
        if isinstance(seconds, str):
            time = sfn.WaitTime.seconds(seconds)
        else:
            time = sfn.WaitTime.duration(cdk.Duration.seconds(seconds))
        return sfn.Wait.jsonata(self.scope, name, time=time, comment=self._comment(comment))

    def choice(self, name: str, *, comment: str, assign: Mapping[str, Any] | None = None) -> sfn.Choice:
        """A fork; `assign` holds for the way that is taken when no rule matches."""
        return sfn.Choice.jsonata(self.scope, name, comment=self._comment(comment), assign=assign)

    def permissions(self) -> list[tuple[list[str], list[str], Conditions | None]]:
        """(actions, resources, conditions) of all states made so far: one for each set of actions and conditions."""
        by_actions: dict[tuple[tuple[str, ...], str], list[str]] = {}
        for (resource, conditions), actions in self.needed.items():
            by_actions.setdefault((tuple(sorted(actions)), conditions), []).append(resource)
        return [
            (list(actions), resources, json.loads(conditions))
            for (actions, conditions), resources in by_actions.items()
        ]

    def may(self, actions: Sequence[str], resources: Sequence[str], conditions: Conditions | None = None) -> None:
        """Remember that the machine's role needs `actions` on `resources`, under `conditions` of IAM."""
        for resource in resources:
            key = resource, json.dumps(conditions, sort_keys=True)
            self.needed.setdefault(key, {}).update(dict.fromkeys(actions))

    def guard(self, task: _Task, errors: Sequence[str]) -> _Task:
        """Retry `errors`, which pass by themselves, and catch whatever is left."""
        task.add_retry(
            errors=list(errors),
            interval=cdk.Duration.seconds(2),
            max_attempts=4,
            backoff_rate=2,
            max_delay=cdk.Duration.minutes(1),
            jitter_strategy=sfn.JitterType.FULL,
        )
        if self.on_error is not None:
            task.add_catch(self.on_error, errors=["States.ALL"], assign=self.failure(ERROR))
        return task

    @property
    def way_out(self) -> sfn.State:
        """The state that follows a failure; raises where failures are to rise."""
        if self.on_error is None:
            raise ValueError(f"The states of {self.step} have no state to fail into")
        return self.on_error

    def failure(self, error: Any) -> dict[str, Any]:
        """The variable that the ways out read: which step failed, its error, and what had failed before."""
        first = {"first": _FIRST_FAILURE} if self.after_failure else {}
        return {"failure": {"step": self.step, "error": error, **first}}

    def _comment(self, text: str) -> str:
        return f"{self.step}: {text}"


def _longer_than(function: lambda_.Function) -> cdk.Duration:
    """The function's own timeout, and time for a cold start and the service's queue."""
    own = function.timeout or cdk.Duration.seconds(3)
    return own.plus(cdk.Duration.seconds(30))
