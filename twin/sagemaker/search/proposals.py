"""Which hyperparameters the next trial gets: by chance, or by what the trials before it came to.

The Gaussian process is scikit-learn's. What it is asked for is the place whose value, as far as the process knows,
is expected to improve on the best so far by most. Each proposal hangs on the seed, its number, and what it is told.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twin.sagemaker.search.ranges import Categorical, Range, Values

Array = NDArray[np.float64]
# Before the process has anything to learn from.
BY_CHANCE_FIRST = 3
_CANDIDATES = 500
_DRAWS = 100


@dataclass(frozen=True)
class Trial:
    """A trial that has a value (less is better), or none yet, or none at all."""

    values: Values
    loss: float | None = None


Propose = Callable[[Sequence[Range], int, Sequence[Trial]], Values]


def by_chance(ranges: Sequence[Range], seed: int, earlier: Sequence[Trial]) -> Values:
    """Draw a trial; one that was drawn before only where it seems that there are no others."""
    dice = np.random.default_rng([seed, len(earlier)])
    taken = [trial.values for trial in earlier]
    drawn: Values = {}
    for _ in range(_DRAWS):
        drawn = _draw(ranges, dice)
        if drawn not in taken:
            break
    return drawn


def by_expected_improvement(ranges: Sequence[Range], seed: int, earlier: Sequence[Trial]) -> Values:
    """Propose what a Gaussian process over the earlier trials expects most of; those that run count as their mean."""
    known = [trial for trial in earlier if trial.loss is not None]
    if len(known) < BY_CHANCE_FIRST:
        return by_chance(ranges, seed, earlier)
    dice = np.random.default_rng([seed, len(earlier)])
    taken = [trial.values for trial in earlier]
    drawn = [_draw(ranges, dice) for _ in range(_CANDIDATES)]
    candidates = [values for values in drawn if values not in taken] or drawn
    losses = np.array([trial.loss for trial in known])
    running = [trial for trial in earlier if trial.loss is None]
    places = np.array([_place(ranges, trial.values) for trial in (*known, *running)])
    losses = np.concatenate([losses, np.full(len(running), losses.mean())])
    wanted = np.array([_place(ranges, values) for values in candidates])
    improvement = _expected_improvement(places, losses, wanted, seed)
    return candidates[int(np.argmax(improvement))]


STRATEGIES: dict[str, Propose] = {"Random": by_chance, "Bayesian": by_expected_improvement}


def _draw(ranges: Sequence[Range], dice: np.random.Generator) -> Values:
    return {one.name: one.at(place) for one, place in zip(ranges, dice.random(len(ranges)), strict=True)}


def _place(ranges: Sequence[Range], values: Values) -> list[float]:
    """Where a trial lies; a choice has a direction for each of its values."""
    place: list[float] = []
    for one in ranges:
        if isinstance(one, Categorical):
            place += [float(values[one.name] == value) for value in one.values]
        else:
            place.append(one.place_of(values[one.name]))
    return place


def _expected_improvement(places: Array, losses: Array, wanted: Array, seed: int) -> Array:
    # scikit-learn takes a second to load, which only those who tune a model shall wait for.
    import warnings

    from scipy.stats import norm  # type: ignore[import-untyped]
    from sklearn.exceptions import ConvergenceWarning  # type: ignore[import-untyped]
    from sklearn.gaussian_process import GaussianProcessRegressor  # type: ignore[import-untyped]
    from sklearn.gaussian_process.kernels import Matern, WhiteKernel  # type: ignore[import-untyped]

    kernel = Matern(np.full(places.shape[1], 0.5), (0.2, 5.0), nu=2.5) + WhiteKernel(1e-3, (1e-6, 0.1))
    process = GaussianProcessRegressor(kernel, normalize_y=True, n_restarts_optimizer=1, random_state=seed % 2**32)
    with warnings.catch_warnings():
        # A length at the end of its bounds is a dimension that does not matter: no reason to warn.
        warnings.simplefilter("ignore", ConvergenceWarning)
        process.fit(places, losses)
    mean, deviation = process.predict(wanted, return_std=True)
    deviation = np.maximum(deviation, 1e-12)
    gain = losses.min() - mean
    improvement: Array = gain * norm.cdf(gain / deviation) + deviation * norm.pdf(gain / deviation)
    return improvement
