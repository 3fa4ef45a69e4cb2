"""Tables that never cut what a reader copies: the first column is whole, and columns that find no room are left out.

On a terminal it is a table as wide as the terminal; elsewhere a line a row with tabs, whole and for other programs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.measure import Measurement
from rich.table import Column, Table
from rich.text import Text

from cli.say import tell


@dataclass(frozen=True, slots=True)
class Head:
    """A column: what it is called, and what it may give up where a terminal is narrow."""

    name: str
    least: int = 0
    """Columns of text below which it is not readable any more; as many as its longest word by default."""
    goes: int = 0
    """Which is left out before others: the highest first; 0 is never left out."""


def print_rows(heads: Sequence[Head], rows: Sequence[Sequence[str]], console: Console, elsewhere: str) -> None:
    """Print rows under their heads.

    Args:
        heads: the columns, of which the first is never cut and never wrapped.
        rows: as many cells each.
        console: where to.
        elsewhere: where the reader finds what was left out, as a sentence.
    """
    if not console.is_terminal:
        for row in ([head.name for head in heads], *rows):
            print("\t".join(row), file=console.file)  # the console would make spaces of the tabs
        return
    kept, left_out = list(heads), [head for head in sorted(heads, key=lambda head: -head.goes) if head.goes]
    while left_out and not _fits(_table(heads, kept, rows), console):
        kept.remove(left_out.pop(0))
    console.print(_table(heads, kept, rows), crop=False)
    if missing := [head.name for head in heads if head not in kept]:
        tell(f"No room for: {', '.join(missing)}. {elsewhere}", console)


def _table(heads: Sequence[Head], kept: Sequence[Head], rows: Sequence[Sequence[str]]) -> Table:
    whole = max((len(row[0]) for row in rows), default=0)
    first, *others = kept
    table = Table(
        Column(first.name, no_wrap=True, overflow="ignore", min_width=whole),
        *(Column(head.name, overflow="fold", min_width=head.least or None) for head in others),
    )
    places = [heads.index(head) for head in kept]
    for row in rows:
        table.add_row(*(Text(row[place]) for place in places))
    return table


def _fits(table: Table, console: Console) -> bool:
    return Measurement.get(console, console.options.update(max_width=10_000), table).minimum <= console.width
