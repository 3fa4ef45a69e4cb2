"""Refusals of what is not honoured, in SageMaker's words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from twin import support
from twin.sagemaker import errors
from twin.support import ANY

__all__ = ["ANY", "require_support"]


def require_support(honoured: Mapping[str, Any], parameters: Any) -> None:
    """Raise ValidationException with everything in `parameters` that is not honoured here."""
    found = list(support.unsupported(honoured, parameters))
    if found:
        raise errors.validation(" ".join(found))
