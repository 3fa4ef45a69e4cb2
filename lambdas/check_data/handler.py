"""Check what preparation wrote before anything is spent on it: counts balance, and there is enough.

Event: ``{"run"}``. Result: ``{"input", "kept", "rejected", "splits", "redacted", "manifest_key", "settings_sha256"}``.
Errors: ManifestMissing, InvalidManifest, CountsDoNotBalance, NoUsableRecords, TooFewRecords, CuratedFilesMissing.
Environment: CURATED_BUCKET.
IAM: s3:ListBucket, s3:GetObject and kms:Decrypt on the curated bucket.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from lambdas.check_data.manifest import InvalidManifest, Manifest, parse_manifest
from lambdas.shared import environment, log, s3
from lambdas.shared.errors import FunctionError, TooFewRecords
from lambdas.shared.fields import Fields
from lambdas.shared.function import Context, Event, workflow_function
from lambdas.shared.run import Run, run_of
from lambdas.shared.shares import Divided
from lambdas.shared.split import FEWEST_MEASURED, FEWEST_TESTED, Short


class ManifestMissing(FunctionError):
    """Preparation ended without its commit marker."""


class CountsDoNotBalance(FunctionError):
    """Records were lost or invented: a fault of preparation, never of the data."""


class NoUsableRecords(FunctionError):
    """Every record was rejected, or there was none."""


class CuratedFilesMissing(FunctionError):
    """A file that the manifest lists is not there."""


@workflow_function
def handle(event: Event, context: Context) -> dict[str, object]:  # noqa: ARG001
    """Check one run's manifest against itself, the bucket and the settings."""
    run, _ = run_of(event)
    log.add(run_id=run.run_id)
    bucket = environment.required("CURATED_BUCKET")
    key = f"{run.curated_prefix}manifest.json"
    where = f"s3://{bucket}/{key}"
    present = set(s3.keys(bucket, run.curated_prefix))
    if key not in present:
        raise ManifestMissing(
            "Preparation left no manifest", where=where, remedy="Read the Glue job's log; it did not finish."
        )
    document, _ = s3.document(bucket, key, InvalidManifest)
    manifest = parse_manifest(Fields(document, where, InvalidManifest, "Run preparation again."))
    check_balance(manifest, where)
    check_amounts(manifest, run, where)
    check_files(manifest, present, where)
    return {
        "input": manifest.input,
        "kept": manifest.kept,
        "rejected": manifest.rejected,
        "splits": manifest.splits,
        "redacted": manifest.redacted,
        "manifest_key": key,
        "settings_sha256": manifest.settings_sha256,
    }


def check_balance(manifest: Manifest, where: str) -> None:
    """Every record is kept or rejected, by the totals, by each stage and by the files."""
    sums = [
        ("records kept and rejected", manifest.kept + sum(manifest.rejected.values()), manifest.input),
        ("records in the splits", sum(manifest.splits.values()), manifest.kept),
        ("records in the files", sum(file.records for file in manifest.files), manifest.kept),
        *_handed_on(manifest),
        *(
            (f"records kept and rejected by stage {stage.name}", stage.kept + stage.rejected, stage.input)
            for stage in manifest.stages
        ),
    ]
    wrong = [f"{what}: {found:,} where {wanted:,} are due" for what, found, wanted in sums if found != wanted]
    if wrong:
        raise CountsDoNotBalance(
            "; ".join(wrong),
            where=where,
            remedy="Do not use this data: keep the Glue job's log and report the fault.",
        )


def _handed_on(manifest: Manifest) -> Iterator[tuple[str, int, int]]:
    """Each stage takes what the one before it kept; the first takes everything."""
    due = manifest.input
    for stage in manifest.stages:
        yield f"records taken by stage {stage.name}", stage.input, due
        due = stage.kept
    yield "records kept by the last stage", due, manifest.kept


def check_amounts(manifest: Manifest, run: Run, where: str) -> None:
    """There is something, it is enough, and so is what each split has of it."""
    if manifest.kept == 0:
        raise NoUsableRecords(
            f"None of {manifest.input:,} records is usable: {_reasons(manifest)}",
            where=where,
            remedy=f"Look at some under {run.curated_prefix} in the quarantine bucket, then correct data.columns, "
            "data.filters or the files.",
        )
    if manifest.kept < run.minimum_records:
        likely = math.ceil(run.minimum_records * manifest.input / manifest.kept)
        raise TooFewRecords(
            f"{manifest.kept:,} of {manifest.input:,} records are usable and {run.minimum_records:,} are needed: "
            f"{_reasons(manifest)}",
            where=where,
            remedy=f"Bring about {likely:,} records, of which as large a share is usable; or widen data.filters, or "
            f"set data.minimum_records to {manifest.kept} or less.",
        )
    check_splits(manifest, run, where)


def check_splits(manifest: Manifest, run: Run, where: str) -> None:
    """Each side has as many records as whatever measures on it needs.

    Raises:
        TooFewRecords: one has fewer; the text names them all, and what to set.
    """
    # Without tuning nothing is measured on test.
    needed = {"train": 1, "validation": FEWEST_MEASURED, "test": FEWEST_TESTED if run.tuning_enabled else 1}
    held = {side: manifest.splits.get(side, 0) for side in needed}
    short = [Short(side, held[side], needed[side]) for side in needed if held[side] < needed[side]]
    if short:
        found = "; ".join(f"{one.side} holds {one.holds} and needs {one.needed}" for one in short)
        held_out = [one for one in short if one.side != "train"]
        # A test set of the user's own is not divided.
        brought = held["test"] if run.split and not run.split.test else 0
        divided = Divided(needed, manifest.places, manifest.strata)
        remedies = [run.remedy(*held_out, records=manifest.kept - brought, divided=divided)] if held_out else []
        if not held["train"]:
            remedies.append("Make data.split.validation and data.split.test smaller, so that train has a record.")
        if held["test"] < needed["test"] and run.tuning_enabled:
            remedies.append("Or set tuning.enabled to false: only a tuned model needs so many for testing.")
        raise TooFewRecords(f"Of {manifest.kept:,} usable records, {found}", where=where, remedy=" ".join(remedies))


def check_files(manifest: Manifest, present: set[str], where: str) -> None:
    """Every file that the manifest lists lies in the bucket."""
    missing = sorted(file.key for file in manifest.files if file.key not in present)
    if missing:
        raise CuratedFilesMissing(
            f"{len(missing)} of {len(manifest.files)} files are missing, the first is {missing[0]}",
            where=where,
            remedy="Something removed them after preparation; start a new run.",
        )


def _reasons(manifest: Manifest) -> str:
    by_count = sorted(manifest.rejected.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{count:,} {reason}" for reason, count in by_count if count) or "there was no record"
