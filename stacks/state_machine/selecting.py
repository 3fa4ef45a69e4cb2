"""Step 2: measure every candidate on the same held-out records, then choose, or find that none will do.

A candidate that cannot be measured ends in a result that says so: what becomes of it, `SelectModel` decides.
"""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_stepfunctions as sfn

from stacks.state_machine.retrying import Patience
from stacks.state_machine.steps import ERROR, NULL, PAYLOAD, TUNED, Steps

CONCURRENCY = 2
"""Candidates measured at once: more would meet each other's throttling and spoil the latencies."""

BROKEN_OFF = Patience(
    ("EvaluationTimedOut", "Sandbox.Timedout", "Lambda.Unknown", "States.Timeout"), cdk.Duration.seconds(1), attempts=3
)
"""The function keeps its answers, and goes on from them: a slow candidate has four times the time of one invocation.
The others are what Step Functions calls a function that did not see its end coming, or that it waited for in vain."""
UNMEASURED = {"index": "{% $states.input.candidate.index %}", "unmeasured": ERROR}


def select(
    steps: Steps, evaluate_candidate: lambda_.Function, select_model: lambda_.Function, *, judged: bool = False
) -> sfn.Chain:
    """`ValidateJudge`, where a judge measures, → `EvaluateCandidates` → `SelectModel`.

    Sets `$candidates`, `$selection` and `$target`.
    """
    evaluate = steps.of("EvaluateCandidates")
    each = sfn.Map.jsonata(
        steps.scope,
        "EvaluateCandidates",
        comment="EvaluateCandidates: quality, latency and cost of each on the same sample.",
        items=sfn.ProvideItems.jsonata("{% $run.candidates %}"),
        max_concurrency=CONCURRENCY,
        item_selector={"run": "{% $run %}", "candidate": "{% $states.context.Map.Item.Value %}"},
        assign={"candidates": "{% $states.result %}"},
    )
    one = evaluate.failing_into(None).invoke(
        "EvaluateCandidate",
        evaluate_candidate,
        comment="asks one candidate and scores its answers.",
        payload={"run": "{% $states.input.run %}", "candidate": "{% $states.input.candidate %}"},
        also_retry=BROKEN_OFF,
    )
    unmeasured = sfn.Pass.jsonata(
        steps.scope, "CandidateUnmeasured", comment="EvaluateCandidates: goes on without it, and says why."
    )
    one.add_catch(unmeasured, errors=["States.ALL"], outputs=UNMEASURED)
    each.item_processor(one)
    if evaluate.on_error is not None:
        each.add_catch(evaluate.on_error, errors=["States.ALL"], assign=evaluate.failure(ERROR))
    choose = steps.of("SelectModel").invoke(
        "SelectModel",
        select_model,
        comment="takes the cheapest candidate that clears the floor.",
        payload={"run": "{% $run %}", "candidates": "{% $candidates %}"},
        assign={"selection": PAYLOAD, "target": "{% $states.result.Payload.target %}"},
    )
    chain = sfn.Chain.start(each).next(choose)
    return _validate_judge(evaluate, evaluate_candidate).next(chain) if judged else chain


def _validate_judge(steps: Steps, evaluate_candidate: lambda_.Function) -> sfn.Chain:
    """`ValidateJudge`: one that is not to be trusted ends the run before a candidate is asked."""
    task = steps.invoke(
        "ValidateJudge",
        evaluate_candidate,
        comment="tries the judge on planted pairs of answers.",
        payload={"run": "{% $run %}", "candidate": NULL},
        also_retry=BROKEN_OFF,
    )
    return sfn.Chain.start(task)


def needs_tuning(steps: Steps, *, tune: sfn.IChainable, otherwise: sfn.IChainable) -> sfn.Choice:
    """`NeedsTuning`: the fork after `SelectModel`."""
    fork = steps.of("SelectModel").choice("NeedsTuning", comment="no candidate cleared the floor?")
    return fork.when(TUNED, tune).otherwise(otherwise)
