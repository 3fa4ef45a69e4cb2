"""Write a run's lineage: everything that was settled, measured and deployed, with hashes of the files behind it.

Event: ``{"run", …}``; whatever stands beside the run (data, candidates, selection, comparison, approval, smoke
test…) is kept under its own name. Result: ``{"lineage_key"}``. Errors: none of its own.
Environment: CURATED_BUCKET, MODELS_BUCKET.
IAM: s3:ListBucket, s3:GetObject and kms:Decrypt on the curated and models buckets; s3:PutObject and
kms:GenerateDataKey on run=*/lineage.json of the models bucket.
"""

from __future__ import annotations

import time

from lambdas.shared import environment, log, s3
from lambdas.shared.function import Context, Event, workflow_function
from lambdas.shared.run import Run, run_of

SCHEMA_VERSION = 1


@workflow_function
def handle(event: Event, context: Context) -> dict[str, object]:  # noqa: ARG001
    """Write lineage.json, last of all of a run's files."""
    run, fields = run_of(event)
    log.add(run_id=run.run_id)
    curated, models = environment.required("CURATED_BUCKET"), environment.required("MODELS_BUCKET")
    lineage = {
        "schema_version": SCHEMA_VERSION,
        "recorded_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        **fields.as_dict(),
        "run_id": run.run_id,
        "files": _files(curated, models, run),
    }
    key = f"{run.models_prefix}lineage.json"
    s3.write_document(models, key, lineage)
    return {"lineage_key": key}


def _files(curated: str, models: str, run: Run) -> list[dict[str, object]]:
    """List the documents that the run's figures come from; those that a run did not write are left out.

    The manifest in turn holds the hash of every curated file.
    """
    manifest = f"{run.curated_prefix}manifest.json"
    found = [(curated, key) for key in s3.keys(curated, manifest) if key == manifest]
    for folder in ("candidates/", "customization/", "evaluation/"):
        found += [(models, key) for key in s3.keys(models, f"{run.models_prefix}{folder}")]
    if run.customization is not None:
        found += [(models, key) for key in s3.keys(models, f"customization/{run.run_id}/")]
    return [{"uri": f"s3://{bucket}/{key}", "sha256": s3.sha256(bucket, key)} for bucket, key in found]
