"""The rule: the cheapest candidate whose lower confidence bound reaches the floor; and what it says of each.

The bound, and not the mean: of several candidates that are all a little too bad, the luckiest mean lies above the
floor more often than not. Of equally cheap ones the better wins, then the first by its model's name and strategy.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from lambdas.select_model.results import Result, Unmeasured
from lambdas.shared.cost import in_dollars
from lambdas.shared.errors import FunctionError, TooFewRecords
from lambdas.shared.figures import records_for, sure_share
from lambdas.shared.metrics import CLASSIFICATION
from lambdas.shared.run import MOST_ASKED, Run
from lambdas.shared.split import Short

# A figure that is surer than this is not too unsure to act on. Of right and wrong answers 16 are enough for it;
# macro-F1 takes more, since it is as unsure as its rarest label.
WIDEST_MARGIN = 0.25
MOST_NEEDED = 100_000
# Figures come rounded to six digits.
ROUNDED = 1e-5


class VacuousFloor(FunctionError):
    """An answer that does not look at the text reaches the floor."""


def choose(results: Sequence[Result], floor: float) -> Result | None:
    """Give the cheapest result whose lower bound is at or above the floor."""
    eligible = [result for result in results if result.low >= floor]
    return min(eligible, key=lambda r: (r.usd_per_1k_requests, -r.value, r.key), default=None)


def check_floor(results: Sequence[Result], run: Run) -> None:
    """Refuse a floor of a classification that one label given to every record reaches.

    Raises:
        VacuousFloor: so it is.
    """
    chance = max((result.chance for result in results), default=0.0)
    if run.task_kind == CLASSIFICATION and chance >= run.floor:
        raise VacuousFloor(
            f"The same label for every record reaches {run.metric} {chance:.3f}, and the floor is {run.floor:g}",
            remedy=f"Raise selection.floor above {chance:.2f}, or measure by macroF1, which counts every label alike.",
        )


def check_amount(results: Sequence[Result], run: Run) -> None:
    """Refuse to decide where nothing is chosen and a figure is too unsure to say that it is below the floor.

    Raises:
        TooFewRecords: intervals of candidates hold the floor and are wider than `WIDEST_MARGIN` to its side.
    """
    margins = [(result, margin) for result in results if (margin := _doubt(result, run.floor)) > WIDEST_MARGIN]
    if not margins:
        return
    first = margins[0][0]
    unsure = [f"{run.metric} of {one.name} may be anything from {one.low:.2f} to {one.high:.2f}" for one, _ in margins]
    whether = "whether it reaches" if len(unsure) == 1 else "whether they reach"
    raise TooFewRecords(
        f"On {first.examples} records, {', and '.join(unsure)}: {whether} the floor of {run.floor:g} cannot be told",
        where=first.result_key,
        remedy=_more(first.examples, max(_enough(one, margin) for one, margin in margins), run),
    )


def _doubt(result: Result, floor: float) -> float:
    """Give how wide an interval that holds the floor is to its side; 0 where it does not."""
    if not result.low < floor <= result.high:
        return 0.0
    return result.value - result.low if result.value >= floor else result.high - result.value


def _enough(result: Result, margin: float) -> int:
    return math.ceil(result.examples * (margin / WIDEST_MARGIN) ** 2)


def _more(examples: int, count: int, run: Run) -> str:
    """Say which settings to change, and to what, so that so many records are asked."""
    asked, sample = min(count, MOST_ASKED), _sample(count, run)
    if examples < run.sample_size and examples < asked:
        remedy = run.remedy(Short("validation", examples, asked))
        return f"About {count} records are needed, and validation holds no more. {sample}{remedy}"
    return f"About {count} records are needed. {sample}{_held(asked, run)}"


def _sample(count: int, run: Run) -> str:
    """Say what to set so that so many are asked; the number may be copied into the settings, so it has no commas."""
    if count <= run.sample_size:
        return ""
    if count <= MOST_ASKED:
        return f"Set selection.sample_size to {count}. "
    larger = f"Set selection.sample_size to {MOST_ASKED}. " if run.sample_size < MOST_ASKED else ""
    return f"{larger}No more than {MOST_ASKED} can be asked: if they do not tell, set a floor outside these bounds. "


def _held(count: int, run: Run) -> str:
    if run.split is None:
        return "Validation has to hold so many."
    share, records = run.split.validation, run.split.records_for("validation", count)
    return f"At data.split.validation {share:g}, about {records:,} usable records have so many for validation."


def needed(result: Result, floor: float) -> int | None:
    """Give the number of records at which the lower bound would reach the floor, were the figure the same there.

    An interval narrows with the root of the number of records, and its width has the observed variance in it. One
    that is no wider than the number of records alone makes it narrows as that says (see `figures.sure_share`), and
    none narrows faster. None where the figure lies below the floor, or so close to it that no affordable number
    would do.
    """
    distance = result.value - floor
    if distance <= 0:
        return None
    count = records_for(floor / result.value)
    if result.low < result.value * sure_share(result.examples) - ROUNDED:
        count = max(count, math.ceil(result.examples * ((result.value - result.low) / distance) ** 2))
    return count if count <= MOST_NEEDED else None


def verdicts(
    results: Sequence[Result], missing: Sequence[Unmeasured], chosen: Result | None, floor: float, kind: str
) -> list[dict[str, object]]:
    """Give what was decided about each candidate, in the order of the settings.

    `kind` is the task's. `verdict` is ``chosen``, ``dearer``, ``refused`` or ``unmeasured``; `words` say why.
    """
    found = {r.index: (r.name, *_verdict(r, chosen, floor, kind)) for r in results}
    found |= {m.index: (m.name, "unmeasured", m.reason) for m in missing}
    return [
        {"index": index, "name": name, "verdict": verdict, "words": words}
        for index, (name, verdict, words) in sorted(found.items())
    ]


def _verdict(result: Result, chosen: Result | None, floor: float, kind: str) -> tuple[str, str]:
    if result == chosen:
        return "chosen", f"its lower bound {result.low:.3f} reaches the floor {floor:g}, and nothing cheaper does"
    if chosen is None or result.low < floor:
        return "refused", refusal(result, floor, kind)
    return "dearer", _dearer(result, chosen, floor)


def refusal(result: Result, floor: float, kind: str) -> str:
    """Say why a candidate is not good enough, and where it is no better than what does not look at the text."""
    return f"{_below(result, floor)}{_blind(result, kind)}"


def _below(result: Result, floor: float) -> str:
    if result.value < floor:
        least = f"its mean {result.value:.3f} is below the floor {floor:g}"
        return f"{least}, though it may reach {result.high:.3f}" if result.high >= floor else least
    words = f"its lower bound {result.low:.3f} is below the floor {floor:g} though its mean is {result.value:.3f}"
    count = needed(result, floor)
    return f"{words}; about {count:,} records would tell, and {result.examples:,} were asked" if count else words


def _blind(result: Result, kind: str) -> str:
    if result.low > result.chance:
        return ""
    of_labels = kind == CLASSIFICATION
    others = "the same label for every record" if of_labels else "answers meant for other records"
    better, score = "surely better" if result.value > result.chance else "better", "scores" if of_labels else "score"
    return f"; it is not {better} than {others}, which {score} {result.chance:.3f}"


def _dearer(result: Result, chosen: Result, floor: float) -> str:
    reaches = f"its lower bound {result.low:.3f} reaches the floor {floor:g}"
    cost, least = result.usd_per_1k_requests, chosen.usd_per_1k_requests
    if cost > least:
        return f"{reaches}, but {chosen.name} costs {in_dollars(least)} per 1,000 requests and it {in_dollars(cost)}"
    if result.value < chosen.value:
        return f"{reaches} and it costs as much as {chosen.name}, which has the higher {chosen.value:.3f}"
    return f"{reaches}; it costs and scores as much as {chosen.name}, whose name comes first"
