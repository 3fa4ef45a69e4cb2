"""What training brought on its own objective: base and tuned model on the same held-out records, with an interval.

A model's figures are two columns, a row a record. For likelihoods: the nats of all that is learned of the record, and
how many tokens that is. For preferences: the log-likelihoods of the chosen and of the rejected answer.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from pipelines.tuning import bootstrap
from pipelines.tuning.intervals import LEVEL, Interval

Figures = NDArray[np.float64]


@dataclass(frozen=True)
class Gain:
    """Base and tuned model by what the training was after; `difference` is tuned less base, with its interval.

    `base_loss` and `tuned_loss` are what training lowers. `details` has further figures, by name.
    """

    objective: str
    measure: str
    higher_is_better: bool
    records: int
    base: float
    tuned: float
    difference: float
    interval: tuple[float, float]
    level: float
    base_loss: float
    tuned_loss: float
    details: dict[str, object] = field(default_factory=dict)

    @property
    def improved(self) -> bool:
        """Whether the whole interval lies on the better side."""
        low, high = self.interval
        return low > 0 if self.higher_is_better else high < 0

    @property
    def loss_reduction(self) -> float:
        """By which share of the base model's the loss is lower."""
        return 1 - self.tuned_loss / self.base_loss

    @property
    def change(self) -> Interval:
        return Interval(self.difference, *self.interval)

    def document(self) -> dict[str, object]:
        """Give what `evaluation.json` has of it."""
        return {
            "name": self.objective,
            "measure": self.measure,
            "higher_is_better": self.higher_is_better,
            "records": self.records,
            "base": self.base,
            "tuned": self.tuned,
            "difference": {"value": self.difference, "ci": list(self.interval), "level": self.level},
            "improved": self.improved,
            "base_loss": self.base_loss,
            "tuned_loss": self.tuned_loss,
            "loss_reduction": self.loss_reduction,
            **self.details,
        }


def of_perplexity(objective: str, base: Figures, tuned: Figures, seed: int, level: float) -> Gain:
    """Compare by the perplexity of a token, over the tokens of all records; records are drawn anew as wholes."""

    def change(drawn: NDArray[np.intp]) -> float:
        return math.exp(_mean_nats(tuned[drawn])) - math.exp(_mean_nats(base[drawn]))

    difference, interval = bootstrap.interval(change, len(base), seed, level)
    before, after = _mean_nats(base), _mean_nats(tuned)
    return Gain(
        objective=objective,
        measure="perplexity",
        higher_is_better=False,
        records=len(base),
        base=math.exp(before),
        tuned=math.exp(after),
        difference=difference,
        interval=interval,
        level=level,
        base_loss=before,
        tuned_loss=after,
        details={"tokens": int(base[:, 1].sum())},
    )


def perplexity(figures: Figures, seed: int) -> Interval:
    """Give one model's perplexity of a token."""
    value, (low, high) = bootstrap.interval(
        lambda drawn: math.exp(_mean_nats(figures[drawn])), len(figures), seed, LEVEL
    )
    return Interval(value, low, high)


def _mean_nats(figures: Figures) -> float:
    nats, tokens = figures.sum(axis=0)
    return float(nats / tokens)


def of_preferences(
    objective: str, base: Figures, tuned: Figures, beta: float, label_smoothing: float, seed: int, level: float
) -> Gain:
    """Compare by preference accuracy: the share of pairs whose chosen answer has the higher reward.

    A reward is measured from the base model, so that model itself prefers nothing: every pair is a tie, which counts
    half. `ranking` has the share of pairs whose chosen answer is the likelier one to each model by itself.
    """
    rewards = beta * (tuned - base)
    margins: NDArray[np.float64] = rewards[:, 0] - rewards[:, 1]
    right = _won(margins)
    difference, interval = bootstrap.paired_difference([0.5] * len(right), right.tolist(), seed, level)
    margin, margin_interval = bootstrap.paired_difference([0.0] * len(margins), margins.tolist(), seed, level)
    ranked = [_won(figures[:, 0] - figures[:, 1]) for figures in (base, tuned)]
    change, change_interval = bootstrap.paired_difference(ranked[0].tolist(), ranked[1].tolist(), seed, level)
    return Gain(
        objective=objective,
        measure="preference_accuracy",
        higher_is_better=True,
        records=len(base),
        base=0.5,
        tuned=float(right.mean()),
        difference=difference,
        interval=interval,
        level=level,
        base_loss=float(dpo_losses(base, base, beta, label_smoothing).mean()),
        tuned_loss=float(dpo_losses(base, tuned, beta, label_smoothing).mean()),
        details={
            "margin": {"value": margin, "ci": list(margin_interval)},
            "ranking": {
                "base": float(ranked[0].mean()),
                "tuned": float(ranked[1].mean()),
                "difference": {"value": change, "ci": list(change_interval)},
            },
        },
    )


def _won(margins: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(margins > 0, 1.0, np.where(margins < 0, 0.0, 0.5))


def dpo_losses(base: Figures, tuned: Figures, beta: float, label_smoothing: float) -> NDArray[np.float64]:
    """Give the loss of each pair, as `preferences.losses` does where gradients are wanted."""
    rewards = beta * (tuned - base)
    margins = rewards[:, 0] - rewards[:, 1]
    right, wrong = np.logaddexp(0, -margins), np.logaddexp(0, margins)
    losses: NDArray[np.float64] = (1 - label_smoothing) * right + label_smoothing * wrong
    return losses
