"""Every task calls something that exists, with members that it knows.

Step Functions accepts any well-formed resource and fails when the state is reached, which may be hours in.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cdk_app.checks.assembly import Assembly
from cdk_app.checks.finding import Check, Finding
from cdk_app.checks.state_machines.api import argument_problems, operation
from cdk_app.checks.state_machines.definitions import State, tasks

if TYPE_CHECKING:
    from botocore.model import OperationModel

NAME = "state-machine-integrations"

OPTIMIZED = frozenset(
    {
        "bedrock:createModelCustomizationJob.sync",
        "glue:startJobRun.sync",
        "lambda:invoke",
        "lambda:invoke.waitForTaskToken",
    }
)
"""Optimized integrations in use. They are named one by one: a new one needs an executor in the twin too."""


def find_wrong_integrations(assembly: Assembly) -> Iterator[Finding]:
    """A finding for each task that calls an unknown integration or gives it unknown members."""
    for task in tasks(assembly):
        called = _operation(task)
        if called is None:
            yield Finding(
                NAME,
                task.place,
                f"{task.integration} is neither an operation that AWS offers, spelt as Step Functions spells "
                f"it, nor one of {', '.join(sorted(OPTIMIZED))}.",
                "Correct the name, or add the integration to OPTIMIZED.",
            )
        elif called.input_shape is not None:
            arguments = task.body.get("Arguments", task.body.get("Parameters", {}))
            for problem in argument_problems(called.input_shape, arguments, "Arguments"):
                yield Finding(
                    NAME,
                    task.place,
                    f"{problem} in the request of {task.integration}.",
                    f"See {called.name} in the API reference; Step Functions writes members in PascalCase.",
                )


def _operation(task: State) -> OperationModel | None:
    name = task.integration
    if name in OPTIMIZED:
        service_name, _, action = name.partition(":")
        return operation(service_name, action.partition(".")[0])
    kind, _, rest = name.partition(":")
    service_name, _, action = rest.partition(":")
    return operation(service_name, action) if kind == "aws-sdk" else None


INTEGRATIONS = Check(NAME, find_wrong_integrations)
