"""Ask for the approval of a model, or give it where the settings say so and the comparison leaves no doubt.

Event: ``{"run", "comparison"?, "selection"?, "task_token"}``. Result: ``{"approval": "given" | "requested"}``; the
state machine's task ends by its token: at once with ``{"approved_by", "approved_at"}``, or when a person runs one
of the commands in the message.
Errors: none of its own.
Environment: TOPIC_ARN.
IAM: states:SendTaskSuccess on the state machine; sns:Publish on the topic, with kms:Decrypt and
kms:GenerateDataKey on its key.
"""

from __future__ import annotations

import json
import time

from lambdas.request_approval.message import approval_message
from lambdas.request_approval.policy import reason_to_ask
from lambdas.shared import aws, environment, log
from lambdas.shared.function import Context, Event, workflow_function
from lambdas.shared.notifications import publish
from lambdas.shared.run import run_of


@workflow_function
def handle(event: Event, context: Context) -> dict[str, object]:  # noqa: ARG001
    """Approve, or tell the subscribers how to."""
    run, fields = run_of(event)
    log.add(run_id=run.run_id)
    token = fields.text("task_token")
    comparison = fields.fields("comparison").as_dict() if "comparison" in fields else {}
    reason = reason_to_ask(run, comparison)
    if reason is None:
        moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        output = json.dumps({"approved_by": "automatic", "approved_at": moment})
        aws.client("stepfunctions").send_task_success(taskToken=token, output=output)
        return {"approval": "given"}
    selection = fields.fields("selection").as_dict() if "selection" in fields else {}
    publish(
        environment.required("TOPIC_ARN"),
        f"Approve the model of run {run.run_id}?",
        approval_message(run, reason, comparison, selection, token),
    )
    return {"approval": "requested"}
