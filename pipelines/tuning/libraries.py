"""Loads the libraries that take seconds to load, and says so before each: a job that is silent looks like a dead one.

A script calls `load` before its own imports, which then find them loaded. Nothing heavy is imported up here.
"""

from __future__ import annotations

from importlib import import_module

from pipelines.tuning.progress import log_progress

HEAVY = ("torch", "transformers")


def load() -> None:
    """Import the heavy libraries one by one, with a line of progress before each."""
    for done, name in enumerate(HEAVY):
        log_progress("load libraries", done, len(HEAVY), library=name)
        import_module(name)
