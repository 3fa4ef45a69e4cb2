"""The errors that Bedrock's control plane answers with."""

from __future__ import annotations

from twin.emulator.hooks import ServiceError


def validation(message: str) -> ServiceError:
    """A request that is not as it should be."""
    return ServiceError("ValidationException", message, 400)


def not_found(message: str) -> ServiceError:
    """Something that is not there."""
    return ServiceError("ResourceNotFoundException", message, 404)


def conflict(message: str) -> ServiceError:
    """A name that is taken, or a state that does not admit the request."""
    return ServiceError("ConflictException", message, 409)


def quota(message: str) -> ServiceError:
    """More than the account may have."""
    return ServiceError("ServiceQuotaExceededException", message, 400)
