"""Passwords that are made up."""

from __future__ import annotations

import secrets


def fitting_password() -> str:
    """A password that fits any policy of a user pool: 32 characters, of every kind."""
    return f"{secrets.token_urlsafe(21)}aA1!"
