"""Errors that a person reads in the state machine's console.

Step Functions shows the exception's class as the error name and its text as the cause, so each error has a
class of its own, and the text says what was wrong, where, and what to do.
"""

from __future__ import annotations


class FunctionError(Exception):
    """An error that ends the function and explains itself.

    >>> print(FunctionError("The set is empty", where="s3://curated/news/", remedy="Add files."))
    The set is empty (s3://curated/news/). Add files.
    """

    def __init__(self, what: str, *, remedy: str, where: str = "") -> None:
        place = f" ({where})" if where else ""
        super().__init__(f"{what.rstrip('.')}{place}. {remedy}")


class ConfigurationError(FunctionError):
    """The function's own environment is wrong: a deployment fault, not the caller's."""


class InvalidEvent(FunctionError):
    """The event lacks a field or holds one of the wrong type."""


class InvalidRecord(FunctionError):
    """A curated record or a prediction does not have the agreed shape."""


class InvalidTarget(FunctionError):
    """The approved-target parameter holds something else than ``none`` or a target."""


class TooFewRecords(FunctionError):
    """A split holds too few records for a figure that means anything."""


class EvaluationIncomplete(FunctionError):
    """A figure that a gate needs is missing or is not a number: the gate stays closed."""


class AccessDenied(FunctionError):
    """The function's role lacks a permission; the text names role, action and resource as AWS does."""


class ServiceCallFailed(FunctionError):
    """An AWS service refused a call for another reason than a missing permission."""
