"""Losses token by token, and those that weigh them: DPO by its own formula, in float64, and by autograd alone."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional

from pipelines.tuning import gains, kernels, preferences
from pipelines.tuning.token_losses import TokenLosses

SEEDS = st.integers(0, 10_000)


def token_losses(hidden: torch.Tensor, weight: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    losses: torch.Tensor = TokenLosses.apply(hidden, weight, targets)  # type: ignore[no-untyped-call]
    return losses


@given(SEEDS, st.integers(1, 9), st.integers(1, 4), st.booleans(), st.booleans())
def test_token_losses_and_their_gradients_are_those_of_plain_cross_entropy(
    seed: int, count: int, at_once: int, trained_head: bool, hidden_learns: bool
) -> None:
    torch.manual_seed(seed)
    hidden = torch.randn(count, 6, dtype=torch.float64, requires_grad=hidden_learns)
    weight = torch.randn(11, 6, dtype=torch.float64, requires_grad=trained_head)
    targets = torch.randint(11, (count,))
    importance = torch.randn(count, dtype=torch.float64)
    learning = [tensor for tensor in (hidden, weight) if tensor.requires_grad]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kernels, "LOGITS_AT_ONCE", at_once)
        found = token_losses(hidden, weight, targets)
        plain = functional.cross_entropy(hidden @ weight.T, targets, reduction="none")
        torch.testing.assert_close(found.double(), plain, rtol=1e-5, atol=1e-5)
        if learning:
            actual = torch.autograd.grad(found, learning, importance.float())
            expected = torch.autograd.grad(plain, learning, importance)
            torch.testing.assert_close(actual, expected, rtol=1e-4, atol=1e-5)


LOGS = st.floats(-200, 0)


@given(st.lists(st.tuples(LOGS, LOGS, LOGS, LOGS), min_size=1, max_size=5), st.floats(0.01, 1), st.floats(0, 0.45))
def test_the_loss_of_pairs_is_the_paper_s_in_float64(
    rows: list[tuple[float, float, float, float]], beta: float, smoothing: float
) -> None:
    policy = torch.tensor([row[:2] for row in rows], dtype=torch.float64, requires_grad=True)
    reference = torch.tensor([row[2:] for row in rows], dtype=torch.float64)
    losses = preferences.losses(policy, reference, beta, smoothing)
    for (chosen, rejected, chosen_before, rejected_before), loss in zip(rows, losses.tolist(), strict=True):
        margin = beta * ((chosen - chosen_before) - (rejected - rejected_before))

        def log_sigmoid(x: float) -> float:
            return x - math.log1p(math.exp(x)) if x < 0 else -math.log1p(math.exp(-x))

        expected = -(1 - smoothing) * log_sigmoid(margin) - smoothing * log_sigmoid(-margin)
        assert loss == pytest.approx(expected, rel=1e-9, abs=1e-12)


@given(st.lists(st.tuples(LOGS, LOGS, LOGS, LOGS), min_size=1, max_size=5), st.floats(0.01, 1), st.floats(0, 0.45))
def test_the_gain_reports_the_loss_that_was_trained(
    rows: list[tuple[float, float, float, float]], beta: float, smoothing: float
) -> None:
    tuned, base = np.array([row[:2] for row in rows]), np.array([row[2:] for row in rows])
    gain = gains.of_preferences("dpo", base, tuned, beta, smoothing, seed=1, level=0.95)
    trained = preferences.losses(torch.tensor(tuned), torch.tensor(base), beta, smoothing).mean().item()
    assert gain.tuned_loss == pytest.approx(trained, rel=1e-9, abs=1e-12)
    assert gain.base_loss == pytest.approx(math.log(2))


def test_a_pair_is_won_by_the_reward_and_ranked_by_the_likelihood() -> None:
    base = np.array([[-10.0, -5.0], [-10.0, -5.0], [-3.0, -5.0], [-3.0, -5.0]])
    tuned = base + np.array([[1.0, 0.0], [6.0, 0.0], [0.0, 1.0], [0.0, 0.0]])
    gain = gains.of_preferences("dpo", base, tuned, 0.5, 0.0, seed=1, level=0.95)
    assert (gain.base, gain.tuned) == (0.5, (1 + 1 + 0 + 0.5) / 4)
    assert gain.details["margin"]["value"] == pytest.approx(0.5 * (1 + 6 - 1 + 0) / 4)  # type: ignore[index]
    assert gain.details["ranking"]["base"] == 0.5  # type: ignore[index]
    assert gain.details["ranking"]["tuned"] == 0.75  # type: ignore[index]


def test_a_gain_counts_only_where_the_whole_interval_is_better() -> None:
    sure = np.array([[-10.0, -5.0]] * 40)
    assert gains.of_preferences("dpo", sure, sure + np.array([2.0, 0.0]), 0.1, 0.0, 1, 0.95).improved
    assert not gains.of_preferences("dpo", sure, sure, 0.1, 0.0, 1, 0.95).improved
    mixed = np.where(np.arange(40)[:, None] % 2, [2.0, 0.0], [0.0, 2.0])
    assert not gains.of_preferences("dpo", sure, sure + mixed, 0.1, 0.0, 1, 0.95).improved


def test_perplexity_is_that_of_a_token_and_falls_where_a_model_is_better() -> None:
    base = np.array([[20.0, 10.0], [90.0, 30.0]])
    gain = gains.of_perplexity("continued-pretraining", base, base * np.array([0.5, 1.0]), seed=1, level=0.95)
    assert gain.base == pytest.approx(math.exp(110 / 40))
    assert gain.tuned == pytest.approx(math.exp(55 / 40))
    assert gain.loss_reduction == pytest.approx(0.5)
    assert gain.improved
    assert not gains.of_perplexity("continued-pretraining", base, base, seed=1, level=0.95).improved
