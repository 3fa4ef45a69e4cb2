"""The end of step 4: a test through the API, an endpoint that nobody needs any longer, and the record."""

from __future__ import annotations

from aws_cdk import aws_stepfunctions as sfn

from stacks.state_machine.delivery import Delivery
from stacks.state_machine.functions import WorkflowFunctions
from stacks.state_machine.steps import PAYLOAD, Steps
from stacks.state_machine.taking_back import retire_endpoint

RECORDED = (
    "run",
    "data",
    "candidates",
    "selection",
    "pipeline_execution_arn",
    "customized",
    "comparison",
    "approval",
    "target",
    "smoke_test",
)
"""Variables that go into the lineage."""


def finish(steps: Steps, functions: WorkflowFunctions, delivery: Delivery, rolling_back: sfn.State) -> sfn.State:
    """`SmokeTest` → `EndpointUnused` → `Record` → `Succeeded`. A failed test goes to `rolling_back`."""
    test = (
        steps.of("SmokeTest")
        .failing_into(rolling_back)
        .invoke(
            "SmokeTest",
            functions.smoke_test,
            comment="sends held-out records through the API.",
            payload={"run": "{% $run %}"},
            assign={"smoke_test": PAYLOAD},
        )
    )
    return test.next(retire_endpoint(steps, delivery, then=_record(steps, functions))).start_state


def _record(steps: Steps, functions: WorkflowFunctions) -> sfn.State:
    record = steps.of("Record").invoke(
        "Record",
        functions.record,
        comment="writes the lineage of the run.",
        payload={name: f"{{% ${name} %}}" for name in RECORDED},
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
    return record.next(done).start_state
