"""The format of a lexical index's file: its tables, and which version of them and of the words in them it has."""

from __future__ import annotations

import sqlite3

FORMAT = 1
"""Changes with the tables and with what `terms` makes of a text.

Where an older file lacks what `LexicalIndex` writes the words anew from, that is to be made up for there.
"""
_TABLES = (
    "CREATE TABLE documents (id TEXT PRIMARY KEY, name TEXT, first INTEGER, passages INTEGER)",
    "CREATE TABLE passages (number INTEGER PRIMARY KEY, length INTEGER, text BLOB)",
    "CREATE TABLE postings (term TEXT PRIMARY KEY, passages BLOB, counts BLOB)",
)


class UnreadableIndex(Exception):
    """The file is no index of this format."""


class NewerIndex(UnreadableIndex):
    """A later version of this code wrote the file."""


class OlderIndex(UnreadableIndex):
    """An earlier version of this code wrote the file; the words are to be written anew."""


def set_up(connection: sqlite3.Connection) -> None:
    """Make the tables of an empty file, and check the format of another one.

    Raises:
        UnreadableIndex: it has another format, or none.
        sqlite3.DatabaseError: it is no file of SQLite's.
    """
    # What is written here is uploaded whole, or thrown away: nothing has to outlive a crash.
    connection.execute("PRAGMA journal_mode = MEMORY")
    connection.execute("PRAGMA synchronous = OFF")
    # What somebody removed is overwritten, and not left lying in a free page.
    connection.execute("PRAGMA secure_delete = ON")
    [(version,)] = connection.execute("PRAGMA user_version")
    [(tables,)] = connection.execute("SELECT count(*) FROM sqlite_master")
    if not tables:
        for statement in _TABLES:
            connection.execute(statement)
        mark(connection)
    elif version > FORMAT:
        raise NewerIndex(f"The index has format {version}, and this version of the gateway reads {FORMAT}")
    elif version < 1:
        raise UnreadableIndex("The index has no format")
    elif version < FORMAT:
        raise OlderIndex(f"The index has format {version}, and this version of the gateway reads {FORMAT}")


def mark(connection: sqlite3.Connection) -> None:
    """Say that a file is of this format."""
    connection.execute(f"PRAGMA user_version = {FORMAT}")
