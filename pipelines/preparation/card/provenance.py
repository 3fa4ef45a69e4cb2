"""What went in, what came out, and the settings that made one of the other: enough to check and to repeat the run."""

import json
from typing import Any

from pipelines.preparation.card.elements import Html, folded, note, section, table, tag
from pipelines.preparation.card.figures import count, plural, size

SHOWN_FILES = 200


def files(manifest: dict[str, Any]) -> Html:
    """Return the files that were read and written, with their hashes."""
    read, prefix = manifest["inputs"], f"{manifest['dataset']}/run={manifest['run_id']}/"
    return section(
        "files",
        "Files",
        note(
            f"Read: {plural(read['files'], 'file')}, {size(read['bytes'])}. They are listed with their entity tags in ",
            tag("code", "inputs.jsonl"),
            " beside the manifest; its SHA-256 is ",
            tag("code", read["sha256"]),
            ". The same input and settings give the same bytes. What was written lies under ",
            tag("code", prefix),
            " in the bucket of curated data and in that of quarantine.",
        ),
        *_skipped(manifest["skipped_files"]),
        folded(
            f"Kept: {plural(len(manifest['files']), 'file')}",
            *_table(["file", "records", "SHA-256"], _parts(manifest["files"], prefix), [1], "Files of kept records"),
        ),
        folded(
            f"Quarantine: {plural(len(manifest['quarantine_files']), 'file')}",
            *_table(
                ["file", "records", "SHA-256"], _parts(manifest["quarantine_files"], prefix), [1], "Files of quarantine"
            ),
        ),
    )


def settings(manifest: dict[str, Any]) -> Html:
    """Return the settings that decided, whole."""
    written = json.dumps(manifest["settings"], ensure_ascii=False, indent=2, sort_keys=True)
    return section(
        "settings",
        "Settings that made it",
        note("SHA-256 of the settings: ", tag("code", manifest["settings_sha256"])),
        folded("All settings", tag("pre", written, tabindex="0")),
    )


def _parts(parts: list[dict[str, Any]], prefix: str) -> list[list[str]]:
    return [[part["key"].removeprefix(prefix), count(part["records"]), tag("code", part["sha256"])] for part in parts]


def _table(head: list[str], rows: list[list[str]], numbers: list[int], caption: str) -> list[Html]:
    more = len(rows) - SHOWN_FILES
    rest = [note(f"And {plural(more, 'other')}: manifest.json has them all.")] if more > 0 else []
    return [table(head, rows[:SHOWN_FILES], numbers, caption), *rest]


def _skipped(skipped: dict[str, Any]) -> list[Html]:
    if not skipped["count"]:
        return []
    more = skipped["count"] - len(skipped["first"])
    rest = [tag("li", f"and {plural(more, 'other')}")] if more > 0 else []
    names = tag("ul", *(tag("li", tag("code", name)) for name in skipped["first"]), *rest)
    return [folded(f"Not read: {plural(skipped['count'], 'file')}", names)]
