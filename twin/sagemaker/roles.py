"""Roles that SageMaker is handed."""

from __future__ import annotations

from twin.emulator import hooks
from twin.sagemaker import errors

PRINCIPAL = "sagemaker.amazonaws.com"


def require_role(role_arn: str) -> None:
    """Raise ValidationException unless SageMaker may assume the role."""
    try:
        hooks.role_credentials(role_arn, "SageMaker", PRINCIPAL)
    except hooks.RoleNotAssumableError as error:
        raise errors.validation(
            f"Could not assume role {role_arn}. Please ensure that the role exists and allows principal "
            f"'{PRINCIPAL}' to assume the role. {error}"
        ) from error
