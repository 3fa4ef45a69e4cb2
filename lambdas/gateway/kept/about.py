"""What the page keeps of an answer beside its text: whose it is, how it ended, and its figures; each is bounded."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lambdas.gateway.kept.body import Body

ABOUT = "about"
MOST = 10**12
TEXTS = {"request_id": 128, "model": 256, "label": 256, "finish": 32, "cache": 32, "guard": 32}
NUMBERS = ("input_tokens", "output_tokens", "first_token_ms", "latency_ms", "cost_usd")


def taken_apart(given: Mapping[str, Any]) -> tuple[dict[str, Any], list[object]]:
    """Give a conversation with plain messages, and what stands about each of them; None where nothing does."""
    messages = given.get("messages")
    if not isinstance(messages, list):
        return dict(given), []
    plain = [
        {name: value for name, value in item.items() if name != ABOUT} if isinstance(item, dict) else item
        for item in messages
    ]
    return {**given, "messages": plain}, [item.get(ABOUT) if isinstance(item, dict) else None for item in messages]


def checked(abouts: list[object], body: Body) -> list[dict[str, object]]:
    """Read what stands about each message; `body` learns what is wrong with it."""
    return [_read(about, f"/messages/{place}/{ABOUT}", body) for place, about in enumerate(abouts)]


def _read(about: object, pointer: str, body: Body) -> dict[str, object]:
    if about is None:
        return {}
    if not isinstance(about, dict):
        body.wrong(pointer.removeprefix("/"), f"'{ABOUT}' must be an object")
        return {}
    inner = Body(about, (*TEXTS, *NUMBERS), pointer)
    texts = {name: inner.text(name, most=most, required=False, blank=True) for name, most in TEXTS.items()}
    numbers = {name: inner.number(name, least=0, most=MOST) for name in NUMBERS}
    body.note(*inner.errors)
    return {name: value for name, value in (texts | numbers).items() if value not in ("", None)}
