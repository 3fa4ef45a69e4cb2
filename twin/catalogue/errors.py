"""What a table's reader can find wrong."""

from __future__ import annotations


class UnreadableTable(Exception):
    """A table, or a file of it, that cannot be read; the text begins with Athena's name for it where it has one."""
