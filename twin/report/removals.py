"""Reasons for which most of the records were removed: seldom what was meant, and a setting or the files govern each.

Texts made by a template are the usual case: they differ in a word or two, so each is a near-duplicate of the next.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

MOST = 0.5
"""A reason that takes more than this share of the records is told."""
_SHOWN = 80
_BY_FILTER = {
    "too_short": "min_words",
    "too_long": "max_words",
    "target_too_short": "min_target_words",
    "target_too_long": "max_target_words",
    "mostly_symbols": "max_symbol_ratio",
    "target_truncated": "complete_targets",
    "too_many_tokens": "max_tokens",
}
SETTINGS = {
    **{reason: f"data.filters.{name}" for reason, name in _BY_FILTER.items()},
    **dict.fromkeys(("missing_column", "wrong_type", "empty", "different_prompts"), "data.columns"),
    "oversized": "data.max_record_bytes",
    "other_language": "data.languages",
    "personal_data": "data.personal_data",
    "harmful": "data.harmful",
    "contaminated": "data.evaluation_set",
    "target_copied_from_text": "task.kind",
}
"""The setting that governs a reason; of those that are missing here, no setting does."""
_FAMILIES = ("gopher", "c4", "fineweb")


def removals(manifest: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the reasons that took most of the records out, by what a preparation's manifest says.

    Each has its `reason`, `count` and `of`, an `example` in words, and what governs it, `remedy`.
    """
    most = MOST * manifest["input"]
    return [
        {
            "reason": reason,
            "count": count,
            "of": manifest["input"],
            "example": _example(reason, manifest["profile"]),
            "remedy": _remedy(reason, manifest),
        }
        for reason, count in manifest["rejected"].items()
        if count > most
    ]


def in_a_line(removal: Mapping[str, Any]) -> str:
    """Put one into a line."""
    found = f"{removal['count']:,} of {removal['of']:,} records were removed as {removal['reason']}"
    return f"{found}{', such as ' if removal['example'] else ''}{removal['example']}. {removal['remedy']}"


def _example(reason: str, profile: Mapping[str, Any]) -> str:
    """Show a record and why; of near-duplicates a pair, with personal data replaced as everywhere in the profile."""
    if reason == "near_duplicate":
        pairs = (
            (cluster["representative"], member)
            for cluster in profile["clusters"]["largest"]
            for member in cluster["members"]
        )
        pair = next(pairs, None)
        if pair is None:
            return ""
        stays, goes = pair
        alike = f"{100 * goes['similarity']:.0f} %"
        return (
            f"{_quoted(goes['text'])} ({_place(goes)}), {alike} alike with {_quoted(stays['text'])} ({_place(stays)})"
        )
    examples = profile["rejected"].get(reason)
    return f"{_place(examples[0])}: {examples[0]['detail']}" if examples else ""


def _remedy(reason: str, manifest: Mapping[str, Any]) -> str:
    if reason == "near_duplicate":
        near = manifest["settings"]["data"]["near_duplicates"]
        return (
            f"data.near_duplicates governs this (similarity {near['similarity']:g}, shingle_words "
            f"{near['shingle_words']}): raise similarity, or keep them all with action: keep."
        )
    setting = SETTINGS.get(reason) or ("data.quality" if reason.partition("_")[0] in _FAMILIES else None)
    return f"{setting} governs this." if setting else "No setting governs this: look at the files."


def _place(record: Mapping[str, Any]) -> str:
    source = record["source"]
    return f"line {source['line']} of {source['key'].rpartition('/')[2]}"


def _quoted(text: str) -> str:
    line = " ".join(text.split())
    return f'"{line if len(line) <= _SHOWN else line[: _SHOWN - 1].rstrip() + "…"}"'
