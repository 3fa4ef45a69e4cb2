"""The manifest: what a run read, kept and rejected. It is written last, and makes the run visible.

Without it the run's prefix is work in progress, which the next attempt clears. It holds no time and no name of a
machine, so the same input and settings give the same bytes.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from pipelines.preparation.card import render_card
from pipelines.preparation.curation import STAGES, StageCount
from pipelines.preparation.errors import CountsDoNotBalance, RunAlreadyCommitted
from pipelines.preparation.inputs import LIST, list_of_inputs, summary_of_inputs
from pipelines.preparation.part_files import PartFile
from pipelines.preparation.parts import PLACES, SPLITS, Destination, Written
from pipelines.preparation.settings import Columns
from pipelines.preparation.storage import StoredObject

CARD = "data_card.html"
_SHOWN = 20


def source_of_run(
    objects: list[StoredObject],
    skipped: list[str],
    settings: dict[str, Any],
    columns: Columns,
    tokenizer: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Return the part of a manifest that is known before the work: what is read, and by which settings.

    `tokenizer` are the hashes of the files that tokens are counted by, where they are.
    """
    return {
        "inputs": summary_of_inputs(objects),
        "skipped_files": {"count": len(skipped), "first": skipped[:_SHOWN]},
        "columns": {**asdict(columns), "inferred": settings["data"]["columns"] is None},
        "settings": settings,
        "settings_sha256": hashlib.sha256(_to_json(settings)).hexdigest(),
        **({"tokenizer": dict(tokenizer)} if tokenizer else {}),
    }


def build_manifest(
    run_id: str, dataset: str, written: Written, source: dict[str, Any], base_run: str | None = None
) -> dict[str, Any]:
    """Return the manifest of a run whose counts balance; `base_run` is the one it adds to, if any.

    A stage that the settings switch off is not among its stages: it has seen the records pass, and not looked.
    """
    data = source["settings"]["data"]
    stages = {name: _stage(written, name) for name in STAGES if name not in _switched_off(data)}
    return {
        "run_id": run_id,
        "dataset": dataset,
        "input": stages[STAGES[0]].input,
        "kept": written.splits.total(),
        "rejected": dict(sorted(written.rejected.items())),
        "splits": {name: written.splits[name] for name in SPLITS},
        "base_run": base_run,
        "carried_over": written.tally.carried_over,
        "redacted": dict(sorted(written.redacted.items())),
        "tagged": dict(sorted(written.tagged.items())),
        "near_duplicates": {
            "clusters": written.clusters.total(),
            "records": sum(size * count for size, count in written.clusters.items()),
            "largest": max(written.clusters, default=0),
            "straddling": written.straddling,
        },
        "stratified": _stratified(written, source),
        "places": [written.places[place] for place in range(PLACES)] if written.places else None,
        "stages": [
            {"name": name, "input": stage.input, "kept": stage.kept, "rejected": dict(sorted(stage.rejected.items()))}
            for name, stage in stages.items()
        ],
        "files": _files(written.curated_files),
        "outputs": written.formatted.to_json(data["outputs"]),
        "output_files": _files(written.output_files),
        "quarantine_files": _files(written.quarantine_files),
        "profile": written.profile.to_json(),
        **source,
    }


def check_balance(written: Written, counted_lines: int, of_base_run: int = 0) -> None:
    """Raise `CountsDoNotBalance` unless what was read is what was written, at every stage and in every file.

    The stages are counted where records are judged, splits and reasons where lines are written, and
    `counted_lines` by a pass of its own over the files that are divided among tasks: three independent counts.
    `of_base_run` is what the manifest of the run that is added to says it has kept.
    """
    stages = [_stage(written, name) for name in STAGES]
    rejected_by_stages: Counter[str] = sum((stage.rejected for stage in stages), Counter())
    problems = [
        f"stage {name}: {stage.input} in, {stage.kept} kept, {stage.rejected.total()} rejected"
        for name, stage in zip(STAGES, stages, strict=True)
        if stage.input != stage.kept + stage.rejected.total()
    ]
    problems += [
        f"stage {name} took {after.input} of the {before.kept} records that came before it"
        for name, before, after in zip(STAGES[1:], stages, stages[1:], strict=False)
        if after.input != before.kept
    ]
    if stages[0].input < counted_lines:
        problems.append(f"{counted_lines} lines were counted, but {stages[0].input} were read")
    if rejected_by_stages != written.rejected:
        problems.append(f"rejected {dict(rejected_by_stages)}, but quarantined {dict(written.rejected)}")
    for what, records, files in (
        ("kept", stages[-1].kept, written.curated_files),
        ("rejected", written.rejected.total(), written.quarantine_files),
    ):
        if records != (in_files := sum(part.records for part in files)):
            problems.append(f"{records} {what}, but {in_files} in files")
    if written.profile.splits != written.splits:
        problems.append(f"{dict(written.splits)} in the splits, but {dict(written.profile.splits)} in the profile")
    if written.tally.carried_over != of_base_run:
        problems.append(f"{of_base_run} records of the run that is added to, but {written.tally.carried_over} read")
    if written.straddling:
        problems.append(f"{written.straddling} clusters of near-duplicates are on more than one side of the split")
    if written.splits.total() != stages[-1].kept:
        problems.append(f"{stages[-1].kept} kept, but {dict(written.splits)} in the splits")
    if problems:
        raise CountsDoNotBalance("; ".join(problems) + ". Nothing was committed; please report this.")


def clear_or_recognise(destination: Destination, source: dict[str, Any]) -> bool:
    """Prepare a run's prefix; return True when this very run is committed already, as after a service's retry.

    Leftovers of an attempt that did not commit are deleted. Raises `RunAlreadyCommitted` when the prefix belongs
    to a finished run over other objects or with other settings.
    """
    curated = [stored.key for stored in destination.curated.objects(destination.prefix)]
    if manifest_key(destination) in curated:
        manifest = json.loads(destination.curated.read(manifest_key(destination)))
        if _as_told({name: manifest.get(name) for name in source}) == _as_told(source):
            return True
        raise RunAlreadyCommitted(
            f"s3://{destination.curated.name}/{destination.prefix} is a finished run over other data or settings. "
            "Start a run with an id of its own."
        )
    destination.curated.delete(curated)
    destination.quarantine.delete([stored.key for stored in destination.quarantine.objects(destination.prefix)])
    return False


def _as_told(source: dict[str, Any]) -> dict[str, Any]:
    """Leave out the columns that are empty: a version of the job that did not know one of them wrote none."""
    return {**source, "columns": {name: value for name, value in (source["columns"] or {}).items() if value != ""}}


def commit(destination: Destination, manifest: dict[str, Any], objects: list[StoredObject]) -> None:
    """Write the list of what was read and the data card, then the manifest: from here on the run is visible."""
    destination.curated.put(f"{destination.prefix}{LIST}", list_of_inputs(objects), "application/x-ndjson")
    card = render_card(manifest).encode()
    destination.curated.put(f"{destination.prefix}{CARD}", card, "text/html; charset=utf-8")
    destination.curated.put(manifest_key(destination), _to_json(manifest), "application/json")


def manifest_key(destination: Destination) -> str:
    """Key of the run's manifest in the curated bucket."""
    return f"{destination.prefix}manifest.json"


def _switched_off(data: dict[str, Any]) -> set[str]:
    asked = {
        "language": bool(data["languages"]),
        "personal_data": data["personal_data"] != "off",
        "harmful": data["harmful"] != "off",
        "near_duplicates": data["near_duplicates"]["action"] != "off",
    }
    return {name for name, on in asked.items() if not on}


def _stratified(written: Written, source: dict[str, Any]) -> dict[str, Any] | None:
    """Return how far the splits of a stratum are from its shares, at most, in records."""
    if not written.strata:
        return None
    data, totals = source["settings"]["data"], Counter[str]()
    for (stratum, _), count in written.strata.items():
        totals[stratum] += count
    split = data["split"]
    shares = {"validation": split["validation"], "test": 0 if data["evaluation_set"] else split["test"]}
    shares["train"] = 1 - sum(shares.values())
    off = (
        abs(written.strata[stratum, name] - total * shares[name])
        for stratum, total in totals.items()
        for name in SPLITS
    )
    return {"by": split["stratify"], "strata": len(totals), "furthest_off": round(max(off), 1)}


def _stage(written: Written, name: str) -> StageCount:
    return written.tally.stages.get(name, StageCount())


def _files(parts: list[PartFile]) -> list[dict[str, Any]]:
    return [asdict(part) for part in sorted(parts, key=lambda part: part.key)]


def _to_json(document: dict[str, Any]) -> bytes:
    return json.dumps(document, ensure_ascii=False, sort_keys=True, indent=1).encode()
