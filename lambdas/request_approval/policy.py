"""When a person has to decide.

`automatic` trusts the gates. Where a gate had nothing to measure a model by, there is nothing to trust.
"""

from __future__ import annotations

from collections.abc import Mapping

from lambdas.shared.run import Run
from lambdas.shared.targets import SageMakerTarget


def reason_to_ask(run: Run, comparison: Mapping[str, object]) -> str | None:
    """Say why a person has to approve this model, or None where nobody has to.

    Args:
        run: the run that would deploy it.
        comparison: the result of `compare_with_champion`; empty for a model that was not tuned.
    """
    if run.approval != "automatic":
        return "The deployed settings ask for it (approval: manual)."
    if not comparison:
        if isinstance(run.champion, SageMakerTarget):
            return f"It would replace the tuned model {run.champion.label}, with which it was not compared."
        return None
    champion = comparison.get("champion")
    if run.champion is not None and isinstance(champion, Mapping) and champion.get("kind") == "base":
        return f"It was not compared with the champion. {champion.get('note', '')}".strip()
    difference = comparison.get("difference")
    if not isinstance(difference, (int, float)) or difference < 0:
        return f"It is not better than what it would replace (difference {difference})."
    return None
