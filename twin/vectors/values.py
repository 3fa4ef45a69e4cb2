"""What metadata and filters may hold: strings, numbers and truth values."""

from __future__ import annotations

import math
from typing import Any, Literal

Kind = Literal["string", "number", "boolean", "other"]


def kind(value: Any) -> Kind:
    """Which of them a value is. A number has to fit a double, a string has to be encodable."""
    if isinstance(value, str):
        return "string" if is_unicode(value) else "other"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "number" if _is_double(value) else "other"
    return "other"


def _is_double(value: float) -> bool:
    try:
        return math.isfinite(float(value))
    except OverflowError:
        return False


def is_unicode(text: str) -> bool:
    """Whether it can be written in UTF-8: half of a surrogate pair, which JSON can hold, cannot."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
