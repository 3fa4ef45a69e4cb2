"""Environment variables, checked: a missing one stops the function and is named."""

from __future__ import annotations

import os

from lambdas.shared.errors import ConfigurationError

REMEDY = "Set it on the function in its stack and deploy again."


def required(name: str) -> str:
    """Give the variable's value.

    Raises:
        ConfigurationError: it is missing or blank.
    """
    value = os.environ.get(name, "").strip()
    if not value:
        raise ConfigurationError(f"The environment variable {name} is not set", remedy=REMEDY)
    return value


def optional(name: str) -> str:
    """Give the variable's value, or an empty string where it is not set."""
    return os.environ.get(name, "").strip()


def integer(name: str, *, minimum: int, maximum: int, default: int | None = None) -> int:
    """Give the variable as an integer within bounds; without a default it is required.

    Raises:
        ConfigurationError: it is missing, not an integer, or out of bounds.
    """
    if default is not None and not os.environ.get(name, "").strip():
        return default
    text = required(name)
    try:
        value = int(text)
    except ValueError:
        raise ConfigurationError(f"{name} is {text!r}, which is not an integer", remedy=REMEDY) from None
    if not minimum <= value <= maximum:
        raise ConfigurationError(f"{name} is {value}, which is not between {minimum} and {maximum}", remedy=REMEDY)
    return value
