"""The errors that S3 Vectors answers with."""

from __future__ import annotations

from twin.emulator.hooks import ServiceError


def validation(message: str) -> ServiceError:
    """A request that is not as it should be."""
    return ServiceError("ValidationException", message, 400)


def not_found(what: str) -> ServiceError:
    """Something that is not there."""
    return ServiceError("NotFoundException", f"The specified {what} could not be found", 404)


def conflict(message: str) -> ServiceError:
    """A name that is taken, or a bucket that is not empty."""
    return ServiceError("ConflictException", message, 409)


def quota(message: str) -> ServiceError:
    """More than there may be."""
    return ServiceError("ServiceQuotaExceededException", message, 402)


def denied(message: str) -> ServiceError:
    """What a key does not let the service do."""
    return ServiceError("AccessDeniedException", message, 403)
