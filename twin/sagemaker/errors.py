"""The errors that SageMaker answers with, in its own words where they are known."""

from __future__ import annotations

from twin.emulator.hooks import ServiceError


def validation(message: str) -> ServiceError:
    """A request that is not as it should be, or names something that is not there (SageMaker says both so)."""
    return ServiceError("ValidationException", message)


def not_found(message: str) -> ServiceError:
    """Something that is not there, for the kinds of resource that have an error of their own for it."""
    return ServiceError("ResourceNotFound", message)


def in_use(message: str) -> ServiceError:
    """A name that is taken."""
    return ServiceError("ResourceInUse", message)


def conflict(message: str) -> ServiceError:
    """A request that the resource's present state does not admit."""
    return ServiceError("ConflictException", message)
