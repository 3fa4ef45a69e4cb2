"""Gather a run's figures into one document, the same for the page and for machines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC
from typing import Any

from twin.report.artefacts import Artefacts
from twin.report.attempts import attempts_of, steps_of
from twin.report.removals import removals
from twin.run.attempts import Attempt, in_all, taken
from twin.run.board import Board
from twin.run.execution import Outcome
from twin.run.probe import Probed

APPROVAL = "AwaitApproval"
AUTOMATIC = "automatic"
"""What stands for the approver where the settings approve by themselves."""
BEST_EXAMPLES, WORST_EXAMPLES = 4, 3
REJECTED_EXAMPLES = 2
CLUSTERS = 4
DATA_CARD = "data_card.html"
"""Name of the data card beside the report."""
SAME_SCORE = 0.005
"""Two answers whose scores differ by less are as good as each other."""
CANDIDATE_FIELDS = (
    "index",
    "model",
    "strategy",
    "metric",
    "value",
    "ci",
    "level",
    "resamples",
    "chance",
    "by_label",
    "faithfulness",
    "similarity",
    "retrieval",
    "judge",
    "latency_ms_p50",
    "latency_ms_p95",
    "usd_per_1k_requests",
    "priced_by",
    "examples",
)


def collect(
    outcome: Outcome,
    board: Board,
    artefacts: Artefacts,
    probed: Probed | None,
    events: list[dict[str, Any]],
    error: str | None = None,
    longest_max_length: int | None = None,
    log: str | None = None,
    attempts: Sequence[Attempt] = (),
) -> dict[str, Any]:
    """Return the report: what ran, for how long, on what data, and what came out.

    Sections of steps that did not run are `None` (or empty lists). Times are in seconds unless a name says `ms`.
    `error` is what went wrong after the execution, when the deployed model was used; `longest_max_length` is how far
    `tuning.max_length` can be raised; `log` is the file with the run's logs, where it failed. `attempts` are the
    commands that the run took, this one last: the times of steps are those of all together.
    """
    manifest, searched = artefacts.manifest(), artefacts.search()
    steps = steps_of(in_all(attempts) if attempts else taken(board))
    return {
        "execution": {
            "id": outcome.run_id,
            "arn": outcome.arn,
            "status": outcome.status,
            "error": outcome.error or None,
            "cause": outcome.cause or None,
            "log": log,
            "started": outcome.started.astimezone(UTC).isoformat(timespec="seconds") if outcome.started else None,
            "dataset": outcome.results.get("ResolveRun", {}).get("dataset"),
        },
        "error": error,
        "attempts": attempts_of(attempts),
        "steps": steps,
        "data": data(manifest, artefacts),
        "selection": selection(outcome, artefacts),
        "search": searched,
        "tuning": tuning(artefacts, longest_max_length, searched),
        "evaluation": evaluation(artefacts),
        "approval": approval(outcome, steps),
        "serving": serving(probed),
        "iam": {"enforced": True, "denied": [e for e in events if e.get("kind") == "iam_denied"]},
    }


def data(manifest: dict[str, Any] | None, artefacts: Artefacts) -> dict[str, Any] | None:
    """Return the counts of the preparation, its largest clusters, and where a few of the rejected records come from."""
    if manifest is None:
        return None
    rejected = manifest["rejected"]
    return {
        "input": manifest["input"],
        "kept": manifest["kept"],
        "rejected": rejected,
        "removals": removals(manifest),
        "splits": manifest["splits"],
        "redacted": manifest["redacted"],
        "near_duplicates": manifest["near_duplicates"],
        "stages": manifest["stages"],
        "clusters": manifest["profile"]["clusters"]["largest"][:CLUSTERS],
        "card": DATA_CARD if artefacts.data_card() is not None else None,
        "quarantine": artefacts.quarantine,
        "rejected_examples": {
            reason: artefacts.rejected(reason, REJECTED_EXAMPLES) for reason, count in rejected.items() if count
        },
    }


def selection(outcome: Outcome, artefacts: Artefacts) -> dict[str, Any] | None:
    """Return the candidates' figures, what was decided about each and why, as far as the run came."""
    candidates = artefacts.candidates()
    if not candidates:
        return None
    settled, selected = outcome.results["ResolveRun"], outcome.results.get("SelectModel", {})
    chosen = selected.get("chosen")
    verdicts = {verdict["index"]: verdict for verdict in selected.get("verdicts", [])}
    rows = [
        {k: c.get(k) for k in CANDIDATE_FIELDS} | {k: verdicts.get(c["index"], {}).get(k) for k in ("verdict", "words")}
        for c in candidates
    ]
    return {
        "candidates": rows,
        "unmeasured": [verdict for verdict in verdicts.values() if verdict["verdict"] == "unmeasured"],
        "floor": settled["floor"],
        "chosen": next((row for row in rows if chosen and row["index"] == chosen["index"]), None),
        "needs_tuning": selected.get("needs_tuning"),
        "reason": selected.get("reason"),
    }


def tuning(
    artefacts: Artefacts, longest_max_length: int | None, searched: dict[str, Any] | None
) -> dict[str, Any] | None:
    """Return what training used and how the held-out loss moved; after a search, in its best trial."""
    training = artefacts.training((searched or {}).get("best") or "")
    return training | {"longest_max_length": longest_max_length} if training is not None else None


def evaluation(artefacts: Artefacts) -> dict[str, Any] | None:
    """Return base and tuned on the test split, with examples that got better and worse, the furthest moved first.

    Losses are None where Bedrock customized the model, which tells none of the base.
    """
    found = artefacts.evaluation()
    if found is None:
        return None
    metric = found["metric"]
    ranked = sorted(artefacts.predictions(), key=gain, reverse=True)
    return {
        "metric": metric,
        "examples": found["examples"],
        "records": found.get("records"),
        "base": found["base"][metric],
        "tuned": found["tuned"][metric],
        "difference": found["difference"]["value"],
        "difference_ci": found["difference"]["ci"],
        "loss_base": found["base"].get("loss"),
        "loss_tuned": found["tuned"].get("loss"),
        "loss_reduction": found.get("loss_reduction"),
        "tuned_ci": found["tuned"].get("ci"),
        "gate": found.get("gate"),
        "parts": [*found.get("slices", []), *filter(None, [found.get("general")])],
        "leak": found.get("leak"),
        "champion": found.get("champion"),
        "by_label": by_label(found),
        "card": card(artefacts.model_card()),
        "moved": moved(ranked),
        "best": [prediction for prediction in ranked if gain(prediction) >= SAME_SCORE][:BEST_EXAMPLES],
        "worst": [prediction for prediction in reversed(ranked) if gain(prediction) <= -SAME_SCORE][:WORST_EXAMPLES],
        "weakest": weakest(ranked),
    }


def by_label(found: dict[str, Any]) -> dict[str, Any] | None:
    """Return the labels' own figures with base and tuned; None where answers are no labels."""
    models = {name: found[name]["by_label"] for name in ("base", "tuned") if "by_label" in found[name]}
    return models or None


def card(found: dict[str, Any] | None) -> dict[str, str] | None:
    """Return what the registered model's card says beyond the figures that the report has anyway."""
    if found is None:
        return None
    return dict(found["additional_information"]["custom_details"])


def gain(prediction: dict[str, Any]) -> float:
    """Return by how much the tuned model's answer is closer to the reference than the base model's."""
    return float(prediction["tuned_score"] - prediction["base_score"])


def weakest(predictions: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the tuned model's worst answers among those that tuning left as good as they were."""
    left = [p for p in predictions if abs(gain(p)) < SAME_SCORE and p["tuned_score"] < 1 - SAME_SCORE]
    return sorted(left, key=lambda p: float(p["tuned_score"]))[:WORST_EXAMPLES]


def moved(predictions: list[dict[str, Any]]) -> dict[str, int]:
    """Count the answers that tuning made better, left as good, and made worse."""
    better = sum(gain(p) >= SAME_SCORE for p in predictions)
    worse = sum(gain(p) <= -SAME_SCORE for p in predictions)
    return {"better": better, "same": len(predictions) - better - worse, "worse": worse}


def approval(outcome: Outcome, steps: list[dict[str, Any]]) -> dict[str, Any] | None:
    """Return who approved the model, when, and after how long; None where nobody did, or nobody so far."""
    answer = outcome.results.get(APPROVAL)
    if answer is None:
        return None
    by = answer.get("approved_by")
    return {
        "kind": "automatic" if by == AUTOMATIC else "manual",
        "by": by,
        "at": answer.get("approved_at"),
        "waited_s": sum(step["wall_s"] for step in steps if step["name"] == APPROVAL),
    }


def serving(probed: Probed | None) -> dict[str, Any] | None:
    """Return what a client saw of the deployed model."""
    return asdict(probed) if probed is not None else None
