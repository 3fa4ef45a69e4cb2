"""The labels of the task, where it is a classification: those of the data that the approved model was chosen on.

The evaluation keeps them beside its results, so they are known of each run, however its model came to be approved.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from http import HTTPStatus

from lambdas.gateway.models.approved import approved_target
from lambdas.gateway.problems import FieldError, Problem
from lambdas.gateway.settings import Settings
from lambdas.shared import aws, environment, log, s3
from lambdas.shared.errors import InvalidTarget
from lambdas.shared.fields import Fields
from lambdas.shared.labels import Labels, labels_of

CLASSIFICATION = "classification"
NO_CLASSIFICATION = "the deployed task is no classification"
NOT_APPROVED = "no model is approved yet, whose run would know the task's"
UNKNOWN = "the approved model's run has kept none; a new run does"


def needed(settings: Settings) -> tuple[str, ...]:
    """Give the task's labels, as its data writes them.

    Raises:
        Problem: 400 where there are none, or they are not known.
    """
    if labels := known(settings):
        return labels
    if settings.task_kind != CLASSIFICATION:
        why = NO_CLASSIFICATION
    else:
        why = NOT_APPROVED if approved_target() is None else UNKNOWN
    wrong = f"give 'labels': {why}"
    raise Problem(HTTPStatus.BAD_REQUEST, f"{wrong[0].upper()}{wrong[1:]}.", errors=[FieldError("#/labels", wrong)])


def known(settings: Settings) -> tuple[str, ...]:
    """Give the task's labels; none where it has none, or they are not known."""
    if settings.task_kind != CLASSIFICATION or (approved := approved_target()) is None:
        return ()
    try:
        return _kept(approved.target.run_id)
    except aws.ClientError as failure:
        if aws.error_code(failure) != "NoSuchKey":
            raise
        return ()


def are_own(labels: Sequence[str], settings: Settings) -> bool:
    """Whether labels are the task's; where that cannot be looked up now, they are asked for as any others."""
    try:
        return same(labels, known(settings))
    except Problem as failure:
        log.warning("The task's labels cannot be looked up", reason=failure.detail)
    except aws.CALL_ERRORS as failure:
        log.warning("The task's labels cannot be read", reason=str(failure))
    return False


def same(labels: Sequence[str], others: Sequence[str]) -> bool:
    """Whether two sets of labels are the same, as answers are compared with them.

    >>> same(["Bug", "Praise."], ["praise", "bug"])
    True
    """
    return set(labels_of(labels)) == set(labels_of(others))


def given_by(output: str, labels: Sequence[str]) -> str | None:
    """Give the label that an answer gives, as it stands among `labels`; None where it gives none, or several."""
    compared = Labels(labels_of(labels))
    given = compared.given_by(output)
    return next((label for label in labels if given is not None and given == compared.written(label)), None)


@lru_cache(maxsize=4)
def _kept(run_id: str) -> tuple[str, ...]:
    bucket, key = environment.required("MODELS_BUCKET"), f"run={run_id}/candidates/labels.json"
    document, _ = s3.document(bucket, key, InvalidTarget)
    fields = Fields(document, f"s3://{bucket}/{key}", InvalidTarget, "Start a new run; the stored labels were changed.")
    return tuple(fields.texts("labels"))
