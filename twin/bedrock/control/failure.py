"""Why a job ended otherwise than well."""

from __future__ import annotations

MOST_CHARACTERS = 2048
"""GetModelCustomizationJob gives no more of a failureMessage."""


class JobFailedError(Exception):
    """A job's end in failure; the text is its failureMessage."""


class JobStoppedError(Exception):
    """The job was told to stop."""
