"""Tokens of people who sign in, and forged ones."""

from __future__ import annotations

import base64
import json
from typing import Any

from tests.twin.helpers import Json


def claims_of(token: str) -> Json:
    payload = token.split(".")[1]
    return dict(json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4))))


def forged(token: str, **claims: Any) -> str:
    """The token with other claims, and the signature that it had."""
    head, _, signature = token.split(".")
    payload = base64.urlsafe_b64encode(json.dumps({**claims_of(token), **claims}).encode()).rstrip(b"=").decode()
    return f"{head}.{payload}.{signature}"


def unsigned(token: str) -> str:
    """The token, saying that it needs no signature."""
    head = base64.urlsafe_b64encode(b'{"alg":"none","kid":"x"}').rstrip(b"=").decode()
    return f"{head}.{token.split('.')[1]}."
