"""The judge of a run: tried on planted pairs before anything is asked, and then on the candidates' answers.

Its verdicts are kept as answers are, and its cost is counted. What it compares an answer with is the target: a score of
0.5 is as good as that.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Sequence
from dataclasses import asdict

from lambdas.evaluate_candidate.answers import KeptAnswers
from lambdas.evaluate_candidate.asking import BedrockModel
from lambdas.evaluate_candidate.deadline import Deadline
from lambdas.evaluate_candidate.measuring import Outcome, for_each
from lambdas.evaluate_candidate.planted import PAIRS, Pair
from lambdas.evaluate_candidate.verdicts import MOST_TOKENS, AskJudge, Comparison, compare
from lambdas.shared import log, s3
from lambdas.shared.errors import FunctionError, InvalidRecord
from lambdas.shared.fields import Fields
from lambdas.shared.measuring import Judge
from lambdas.shared.run import Run

# A judge that gives no verdict on more than this share has measured nothing.
MOST_UNJUDGED = 0.05
SHOWN_FLAWS = 6


class JudgeNotTrusted(FunctionError):
    """The judge cannot tell planted better answers from worse ones, or was not asked to."""


class JudgeFailed(FunctionError):
    """The judge gave no verdict on too many answers."""


def judge_key(run: Run) -> str:
    """Give the key of what the trial of the judge gave."""
    return f"{run.models_prefix}candidates/judge.json"


def validate(judge: Judge, run: Run, bucket: str, invocation: str, deadline: Deadline, concurrency: int) -> Fields:
    """Have the judge compare the planted pairs, and store what came of it.

    Raises:
        JudgeNotTrusted: it named the better answer, in both orders, of fewer pairs than it must.
    """
    found = compared(
        judge,
        [(pair.request, pair.better, pair.worse) for pair in PAIRS],
        run,
        bucket,
        invocation,
        deadline,
        concurrency,
    )
    right = sum(comparison.score == 1 for comparison in found)
    needed = math.ceil(judge.agreement * len(PAIRS) - 1e-9)
    if right < needed:
        raise _not_trusted(judge, found, right, needed)
    document = {
        "of": _digest(judge),
        "model": judge.model,
        "agreement": round(right / len(PAIRS), 6),
        "needed": judge.agreement,
        **figures(judge, found),
    }
    s3.write_document(bucket, judge_key(run), document)
    return Fields(document, judge_key(run))


def trusted(judge: Judge, run: Run, bucket: str) -> dict[str, object]:
    """Give what the trial of this very judge gave.

    Raises:
        JudgeNotTrusted: there was none.
    """
    key = judge_key(run)
    if key in s3.keys(bucket, key):
        content, _ = s3.document(bucket, key)
        stored = Fields(content, f"s3://{bucket}/{key}", InvalidRecord, "Delete the object and start again.").as_dict()
        if stored.get("of") == _digest(judge):
            return {name: stored[name] for name in ("model", "agreement", "needed") if name in stored}
    raise JudgeNotTrusted(
        f"{judge.model} has not been tried on the planted pairs in this run",
        where=f"s3://{bucket}/{key}",
        remedy="Start a new run; its state ValidateJudge does so.",
    )


def compared(
    judge: Judge,
    items: Sequence[tuple[str, str, str]],
    run: Run,
    bucket: str,
    invocation: str,
    deadline: Deadline,
    concurrency: int,
) -> list[Comparison]:
    """Have the judge compare the two answers of each (request, one, other), keeping what it says."""
    model = BedrockModel(judge.model, judge.model_id, MOST_TOKENS, deadline.seconds, sampling=judge.sampling)
    about = f"judge {judge.model_id} {MOST_TOKENS}"
    with KeptAnswers(bucket, f"{run.models_prefix}candidates/judge.answers/", about, invocation) as kept:
        ask: AskJudge = lambda turns: kept.ask("judge", turns, model.answer)  # noqa: E731
        return for_each(
            items,
            lambda item: compare(ask, *item, judge.rubric),
            concurrency=concurrency,
            deadline=deadline,
            on_progress=lambda done, total: log.progress("judge", done, total, unit="pairs", model=judge.model),
        )


def figures(judge: Judge, found: Sequence[Comparison]) -> dict[str, object]:
    """Give what there is to tell of comparisons: how sure the judge is of itself, and what it cost."""
    both = [comparison for comparison in found if comparison.score is not None and comparison.replies]
    replies = [reply for comparison in found for reply in comparison.replies]
    return {
        "pairs": len(found),
        "ties": sum(comparison.score == 0.5 for comparison in found),
        "disagreements": sum(comparison.disagreed for comparison in found),
        "first_place": round(sum(c.first_place for c in both) / (2 * len(both)), 4) if both else None,
        "malformed": sum(comparison.malformed for comparison in found),
        "refused": sum(comparison.refused for comparison in found),
        "unjudged": sum(comparison.score is None for comparison in found),
        "usd": round(sum(judge.price.usd(r.input_tokens, r.output_tokens, r.seconds) for r in replies), 6),
    }


def check_judged(judge: Judge, found: Sequence[Comparison]) -> None:
    """Refuse figures of which too many are missing; the others count 0.

    Raises:
        JudgeFailed: so it is.
    """
    missing = sum(comparison.score is None for comparison in found)
    if missing > MOST_UNJUDGED * len(found):
        told = figures(judge, found)
        raise JudgeFailed(
            f"{judge.model} gave no verdict on {missing} of {len(found)} answers: {told['malformed']} replies were "
            f"malformed and {told['refused']} requests refused",
            where=judge.model_id,
            remedy="Name another judge in selection.judge, or shorten the texts.",
        )


def pairs_of(outcomes: Sequence[Outcome]) -> list[tuple[str, str, str]]:
    """Give what is compared of answered records: the request, the answer and the target."""
    return [(o.record.prompt, o.answer.text, o.record.reference) for o in outcomes if o.refusal is None]


def _not_trusted(judge: Judge, found: Sequence[Comparison], right: int, needed: int) -> JudgeNotTrusted:
    told = figures(judge, found)
    missed = [pair.flaw for pair, comparison in zip(PAIRS, found, strict=True) if comparison.score != 1]
    return JudgeNotTrusted(
        f"The judge {judge.model} cannot be trusted: of {len(PAIRS)} planted pairs it named the better answer, in both "
        f"orders, in {right}, and {needed} are needed. Orders disagreed in {told['disagreements']}, "
        f"{told['malformed']} replies were malformed, {told['refused']} requests were refused. Missed, among others: "
        f"{'; '.join(missed[:SHOWN_FLAWS])}",
        where=judge.model_id,
        remedy="Name a stronger judge in selection.judge, or measure by rougeL.",
    )


def _digest(judge: Judge) -> str:
    """Give the hash of what a trial is of."""
    pairs: Sequence[Pair] = PAIRS
    content = json.dumps([asdict(judge), [asdict(pair) for pair in pairs]], sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest()
