"""Why a query ends badly, in Athena's words where it has some."""

from __future__ import annotations


class QueryRefused(Exception):
    """A query that is not even started: it is malformed, or uses what the twin's Athena does not have."""


class QueryFailed(Exception):
    """A query that was started and cannot end well; the text is its StateChangeReason."""


class QueryCancelled(Exception):
    """A query that its workgroup stopped; the text is its StateChangeReason."""
