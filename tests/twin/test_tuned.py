"""What a run trained is found as files where the emulator has put its objects, also when it has ended."""

from __future__ import annotations

from pathlib import Path

from cdk_app.settings import load_settings
from twin.emulator import Emulator
from twin.run.last_run import LastRun
from twin.run.tuned import tuned_model

WORKFLOW = Path(__file__).resolve().parents[2] / "workflow.yaml"
RUN = "20260102-030405-0a_b"


def test_the_files_are_the_objects_that_training_read_and_wrote(tmp_path: Path) -> None:
    base = f"base/{load_settings(WORKFLOW, 'twin').tuning.model}"
    objects = {
        ("models", f"{base}/config.json"): b"base",
        ("models", f"run={RUN}/training/pipelines-0a1b-FineTune-2c3d/output/model.tar.gz"): b"model",
        ("models", f"run={RUN}/evaluation/evaluation.json"): b"{}",
        ("curated", f"my-data/run={RUN}/train/part-00000.jsonl"): b"train",
        ("curated", f"my-data/run={RUN}/validation/part-00000.jsonl"): b"validation",
        ("curated", "my-data/run=another/validation/part-00000.jsonl"): b"another",
    }
    with Emulator(tmp_path, persist=True) as emulator:
        s3 = emulator.client("s3")
        for bucket in ("models", "curated"):
            s3.create_bucket(Bucket=bucket)
            s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
        for (bucket, key), body in objects.items():
            s3.put_object(Bucket=bucket, Key=key, Body=b"before")
            s3.put_object(Bucket=bucket, Key=key, Body=body)
        last = LastRun(f"arn:aws:states:us-east-1:0:execution:m:{RUN}", tmp_path / "runs", {}, WORKFLOW.read_bytes())
        last.remember(emulator.work_dir)

    found = tuned_model(tmp_path, last, last.run_id)

    assert (found.base / "config.json").read_bytes() == b"base"
    assert (found.archive / "model.tar.gz").read_bytes() == b"model"
    assert [path.read_bytes() for path in found.validation.rglob("*.jsonl")] == [b"validation"]
