"""The forms of training data: who is trained on each, with a line of it; and what is wrong with one for a model."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from cdk_app.settings.data import Split
from cli.trained_model import TrainedModel
from cli.words import plural
from pipelines.formats.examples import EXAMPLES
from pipelines.formats.findings import Finding, Findings
from pipelines.formats.limits import LIMITS, Limits
from pipelines.formats.reasons import Reason
from pipelines.formats.records import Format

HELD_OUT = Split().validation
"""Share of the records that the preparation holds out for validation by default."""


def takers(form: Format) -> str:
    """Name who is trained on a form; empty where no model of the catalogue is."""
    if form is Format.CHAT:
        return "the SageMaker training of this workflow"
    return ", ".join(dict.fromkeys(row.key for row in LIMITS if row.format is form))


def without_a_model(form: Format) -> str:
    """Say what is checked where no model is named, and which could be."""
    checked = "No model is named: the form is checked, and no limits."
    if form is Format.CHAT:
        return f"{checked} Only {takers(form)} reads it; Bedrock trains no model on it."
    if not takers(form):
        return f"{checked} No model of the catalogue is trained on it."
    return f"{checked} --model checks them as well; these take it: {takers(form)}."


def forms_in_words(forms: Iterable[Format]) -> Iterator[str]:
    """Yield two lines a form: its name with who takes it, and an example."""
    for form in forms:
        yield f"  {form.value}: {takers(form) or 'no model of the catalogue'}"
        yield f"    {EXAMPLES[form]}"


def taken_forms() -> list[Format]:
    """Return the forms that anything is trained on."""
    return [form for form in Format if takers(form)]


def wrong_form(trained: TrainedModel | None, form: Format) -> Iterator[Finding]:
    """Yield what refuses a form where no limits of a model say it: no model takes it, or SageMaker's training doesn't.

    Args:
        trained: the model that is named, if any.
        form: what the data is in.
    """
    if trained is None and not takers(form):
        yield Finding(0, Reason.WRONG_FORMAT, f"no model of the catalogue is trained on {form}; see below")
    elif trained is not None and not trained.rows and form is not trained.format:
        detail = f"this workflow trains {trained.name} on {trained.format}, and this is {form}"
        yield Finding(0, Reason.WRONG_FORMAT, detail)


def too_few_for_anyone(training: Findings, validation: Findings | None) -> Iterator[Finding]:
    """Warn, where no limits are checked, of fewer records than any model asks for, or of `chat` than can be split.

    Records count that nothing refuses: the others cannot stay as they are.
    """
    parts = [training] if validation is None else [training, validation]
    left = sum(part.accepted for part in parts)
    if not left:
        return  # which the totals say already
    told = f"{plural(left, 'record')} {'is' if left == 1 else 'are'} left"
    told += " without what is refused" if any(part.refused for part in parts) else ""
    rows = [row for row in LIMITS if row.format is training.format]
    if rows and not any(_enough(row, training.accepted, left) for row in rows):
        row = min(rows, key=_least)
        detail = f"{told}; {row.key}, which asks for fewest, needs {_least(row):,}"
        yield Finding(0, Reason.MAYBE_TOO_FEW, detail)
    elif training.format is Format.CHAT and validation is None and left * HELD_OUT < 1:
        held_out = f"{HELD_OUT:.0%} of them held out for validation, as the preparation does, would be none"
        yield Finding(0, Reason.MAYBE_TOO_FEW, f"{told}; {held_out}")


def _enough(row: Limits, training: int, together: int) -> bool:
    return training >= (row.training.least or 0) and together >= (row.total.least or 0)


def _least(row: Limits) -> int:
    return max(row.training.least or 0, row.total.least or 0)
