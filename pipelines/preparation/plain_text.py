"""What cleaning makes of one text: no markup, and what looks equal is equal."""

from pipelines.preparation.html_text import html_to_text
from pipelines.preparation.unicode_text import normalize


def plain(text: str) -> str:
    """Return a raw text as plain, normalized text; empty where there is nothing but markup and white space."""
    return normalize(html_to_text(text))
