"""Lays an environment's part of the settings file over the common part."""

from __future__ import annotations

from dataclasses import replace

from cdk_app.settings.document import Entry

ENVIRONMENTS_KEY = "environments"


def common(root: Entry) -> Entry:
    """Return the file without its environments."""
    assert isinstance(root.value, dict)
    return replace(root, value={key: entry for key, entry in root.value.items() if key != ENVIRONMENTS_KEY})


def merge(base: Entry, overlay: Entry) -> Entry:
    """Lay `overlay` over `base`: mappings merge key by key, lists and scalars replace.

    Every entry of the result keeps the line and the path it was written at, in whichever part that was.
    """
    if not isinstance(base.value, dict) or not isinstance(overlay.value, dict):
        return overlay
    merged = dict(base.value)
    for key, entry in overlay.value.items():
        merged[key] = merge(merged[key], entry) if key in merged else entry
    return replace(base, value=merged)
