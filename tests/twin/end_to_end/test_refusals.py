"""What cannot work ends early, and says what to do."""

from __future__ import annotations

from pathlib import Path

from tests.twin.end_to_end.deployed import Deployed
from twin.run import staging
from twin.run.board import Status
from twin.run.data_files import DataFile
from twin.run.logs_of_run import write_logs


def test_a_wrong_override_is_refused_in_the_first_state_with_every_problem(deployed: Deployed) -> None:
    outcome, board = deployed.run({"tuning": {"epochz": 2, "rank": 100_000}})

    assert outcome.status == "FAILED"
    assert "tuning.epochz" in outcome.cause
    assert "tuning.rank" in outcome.cause
    assert board.steps["PrepareData"].status is Status.WAITING


def test_a_data_set_without_one_usable_record_fails_before_anything_is_trained(
    deployed: Deployed, tmp_path: Path
) -> None:
    path = tmp_path / "useless.jsonl"
    path.write_text('{"text": "", "target": ""}\nnot json at all\n')
    bucket, files = deployed.outputs["RawBucketName"], [DataFile(path.name, path)]
    staging.upload_data(deployed.emulator, bucket, "useless", files, lambda _progress: None)

    outcome, board = deployed.run({"dataset": "useless"})

    assert outcome.status == "FAILED"
    assert "NoUsableRecords" in outcome.error + outcome.cause
    assert board.steps["CheckData"].status is Status.FAILED
    assert board.steps["FineTune"].status is Status.WAITING
    log = write_logs(deployed.emulator.client("logs"), tmp_path / "log.txt").read_text(encoding="utf-8")
    assert "==== /aws-glue/jobs/" in log
    assert "Billed Duration" in log, "the functions' logs are there too"
    assert "NoUsableRecords" in log
