"""Say which step of a run failed, why, where its log is and what to do, and tell the subscribers.

Event: ``{"run_id", "step", "error": {"Error", "Cause"}, "execution_arn"?, "first"?}``; ``step`` is the failed
step's name. ``first`` is ``{"step", "error"}`` of the failure before, when what failed was taking that one back.
Result: ``{"step", "error", "message", "log", "remedy"}``. Errors: none of its own.
Environment: TOPIC_ARN.
IAM: sns:Publish on the topic, with kms:Decrypt and kms:GenerateDataKey on its key.
"""

from __future__ import annotations

from lambdas.explain_failure.explanation import Explanation, explain
from lambdas.shared import environment, log
from lambdas.shared.errors import InvalidEvent
from lambdas.shared.fields import Fields
from lambdas.shared.function import Context, Event, workflow_function
from lambdas.shared.notifications import publish


@workflow_function
def handle(event: Event, context: Context) -> dict[str, object]:  # noqa: ARG001
    """Explain, publish, and give the explanation for the Fail state."""
    fields = Fields(event, "the event", InvalidEvent)
    run_id, step = fields.text("run_id"), fields.text("step")
    log.add(run_id=run_id)
    explanation = _explanation(fields)
    if "first" in fields:
        explanation = explanation.after(_explanation(fields.fields("first")))
    execution = fields.text("execution_arn", default="unknown")
    publish(
        environment.required("TOPIC_ARN"),
        f"Run {run_id} failed in {step}: {explanation.error}",
        _message(run_id, execution, explanation),
    )
    return {
        "step": explanation.step,
        "error": explanation.error,
        "message": explanation.message,
        "log": explanation.log,
        "remedy": explanation.remedy,
    }


def _explanation(failed: Fields) -> Explanation:
    error = failed.fields("error")
    # Step Functions gives a timeout no cause, or an empty one.
    cause = error.as_dict().get("Cause") or ""
    return explain(failed.text("step"), error.text("Error", default="Unknown"), str(cause))


def _message(run_id: str, execution: str, explanation: Explanation) -> str:
    return "\n\n".join(
        [
            f"Run {run_id} failed in {explanation.step} with {explanation.error}.",
            explanation.message,
            f"Log: {explanation.log}",
            f"What to do: {explanation.remedy}",
            f"Execution: {execution}",
        ]
    )
