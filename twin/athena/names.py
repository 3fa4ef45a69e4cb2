"""Which of the names in a query are tables of the catalogue, and which are what the query itself has in its WITH.

A name means the same in any case, in quotes or not, as it does on Athena. What WITH names is known to the entries
after it and to the query below it: in its own entry, unless that is recursive, the name is still the table.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp


def fold_names(tree: exp.Query) -> None:
    """Write the names of tables, databases and aliases in small letters, in place; those of columns stay."""
    for table in tree.find_all(exp.Table):
        _fold(table, "this", "db", "catalog")
    for alias in tree.find_all(exp.TableAlias):
        _fold(alias, "this")
    for column in tree.find_all(exp.Column):
        _fold(column, "table", "db", "catalog")


def tables_of_catalogue(tree: exp.Query) -> list[exp.Table]:
    """The tables that are none of WITH's; the names of the tree are in small letters."""
    named = (table for table in tree.find_all(exp.Table) if isinstance(table.this, exp.Identifier))
    return [table for table in named if table.args.get("db") or table.name not in set(_known_at(table))]


def names_in(tree: exp.Query) -> set[str]:
    """Every name in the query, in small letters."""
    return {identifier.name.lower() for identifier in tree.find_all(exp.Identifier)}


def _fold(owner: exp.Expr, *parts: str) -> None:
    for part in parts:
        if isinstance(identifier := owner.args.get(part), exp.Identifier):
            identifier.set("this", identifier.name.lower())


def _known_at(table: exp.Table) -> Iterator[str]:
    """What every WITH around a table lets it see."""
    inner: exp.Expr = table
    while (outer := inner.parent) is not None:
        if isinstance(outer, exp.With):
            yield from _known_in_entry(outer, inner)
        elif isinstance(found := outer.args.get("with_"), exp.With) and found is not inner:
            yield from (entry.alias for entry in found.expressions)
        inner = outer


def _known_in_entry(clause: exp.With, entry: exp.Expr) -> Iterator[str]:
    for earlier in clause.expressions:
        if earlier is entry:
            break
        yield earlier.alias
    if clause.recursive:
        yield entry.alias
