"""Rules on preference pairs: where the rejected answer stands, and who learns from it."""

from __future__ import annotations

from collections.abc import Iterator

from cdk_app.settings.rules.rule import Breach, Subject, rule

_REJECTED = ("data", "columns", "rejected")


@rule("data.columns.text", "data.columns.target", "data.columns.messages", "data.columns.rejected")
def the_rejected_answer_is_another_one(subject: Subject) -> Iterator[Breach]:
    """A column cannot be compared with itself; Glue and Athena know no capitals."""
    columns = subject.settings.data.columns
    if columns is None or not columns.rejected:
        return
    others = [name for name in (columns.text, columns.target, columns.messages) if name]
    if columns.rejected.lower() in (name.lower() for name in others):
        message = f"`{columns.rejected}` is also the column of the text or of the chosen answer"
        yield Breach(_REJECTED, message, "Name the column that holds the worse answer.")


@rule("data.columns", "tuning.objective", "tuning.enabled")
def dpo_learns_from_pairs(subject: Subject) -> Iterator[Breach]:
    """Without a rejected answer there is nothing to prefer. Where no columns are named, training tells."""
    columns, tuning = subject.settings.data.columns, subject.settings.tuning
    if tuning.enabled and tuning.objective == "dpo" and columns is not None and not columns.rejected:
        message = "dpo learns from pairs of answers, and no column has the rejected one"
        yield Breach(("tuning", "objective"), message, "Name `data.columns.rejected`, or choose another objective.")
