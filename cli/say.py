"""Print a line as it is: a path, a name or an answer may hold brackets and colons that rich would take for its own."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text


def tell(message: object, console: Console) -> None:
    """Print a sentence: on a terminal its lines end between words, elsewhere it is one line."""
    console.print(Text(str(message)), highlight=False, soft_wrap=not console.is_terminal)


def say(message: object, console: Console, style: str = "") -> None:
    """Print a message in one style, whatever characters it holds, and leave its lines as they are."""
    console.print(Text(str(message)), style=style, highlight=False, soft_wrap=True)
