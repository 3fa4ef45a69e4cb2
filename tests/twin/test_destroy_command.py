"""What `fourfold destroy` says: what is gone, what is kept and why, what is left."""

from __future__ import annotations

import fcntl
import io
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from cli import destroy
from twin.emulator import Emulator
from twin.run.kept import Resource, remember
from twin.run.products import has_artefact
from twin.run.teardown import TornDown

GROUP = Resource("Fourfold-twin-FineTuning", "AWS::SageMaker::ModelPackageGroup", "arn:group", retained=True)
TABLE = Resource("Fourfold-twin-Foundation", "AWS::DynamoDB::Table", "table", retained=True)
DONE = TornDown(
    [GROUP, TABLE],
    {"arn:package/1": True, "arn:package/2": False},
    {"key-1": datetime(2026, 12, 2, tzinfo=UTC)},
    ["/aws/logs"],
)


def summary(torn_down: TornDown, left: list[str]) -> tuple[int, str]:
    output = io.StringIO()
    code = destroy.summarize(torn_down, left, Console(file=output, width=200))
    return code, output.getvalue()


def test_everything_that_stays_is_listed_with_its_reason() -> None:
    code, text = summary(DONE, [])
    assert code == 0
    assert "AWS::SageMaker::ModelPackageGroup  arn:group: the registry of models" in text
    assert "AWS::DynamoDB::Table  table: its template says so" in text
    assert "arn:package/1\n" in text
    assert "arn:package/2: its record and figures; the model itself went with its bucket\n" in text
    assert "KMS deletes the key key-1 on 02 December 2026" in text
    assert "CDKToolkit stays" in text


@pytest.mark.parametrize(
    ("specification", "there"),
    [
        ({"Containers": [{"ModelDataUrl": "s3://models/run=r1/model.tar.gz"}]}, True),
        ({"Containers": [{"ModelDataUrl": "s3://models/run=r2/model.tar.gz"}]}, False),
        ({"Containers": [{"ModelDataUrl": "s3://gone/run=r1/model.tar.gz"}]}, False),
        ({"Containers": [{}]}, False),
    ],
)
def test_a_package_is_a_model_only_while_its_artefact_is_there(
    emulator: Emulator, specification: dict[str, Any], there: bool
) -> None:
    s3 = emulator.client("s3")
    s3.create_bucket(Bucket="models")
    s3.put_object(Bucket="models", Key="run=r1/model.tar.gz", Body=b"")

    class Registry:
        def describe_model_package(self, ModelPackageName: str) -> dict[str, Any]:  # noqa: N803
            return {"ModelPackageArn": ModelPackageName, "InferenceSpecification": specification}

    assert has_artefact(Registry(), s3, "arn:package/1") is there


def test_log_groups_of_services_are_listed_as_removed() -> None:
    removed, _, kept = summary(DONE, [])[1].partition("Kept on purpose")
    assert "/aws/logs" in removed
    assert "/aws/logs" not in kept


def test_a_stack_that_is_still_there_is_an_error() -> None:
    assert summary(DONE, ["Fourfold-twin-Gateway"]) == (1, "Still there: Fourfold-twin-Gateway\n")


def test_what_an_interrupted_destruction_kept_is_listed_by_the_next_one_too(tmp_path: Path) -> None:
    assert remember(tmp_path, [GROUP, TABLE]) == [GROUP, TABLE]
    assert remember(tmp_path, [TABLE]) == [GROUP, TABLE]
    assert remember(tmp_path, []) == [GROUP, TABLE]


def test_there_is_nothing_to_destroy_before_a_run(tmp_path: Path) -> None:
    output = io.StringIO()
    assert destroy.destroy_deployment(tmp_path, Console(file=output)) == 0
    assert output.getvalue() == "Nothing is deployed on this machine.\n"


def test_what_a_run_or_another_command_uses_is_left_as_it_is_and_the_reason_said_once(tmp_path: Path) -> None:
    emulator = tmp_path / ".fourfold" / "emulator"
    for folder in (emulator, tmp_path / ".fourfold" / "cdk.out.twin"):
        folder.mkdir(parents=True)
    (emulator / "emulator.log").write_text("what the running one has logged")
    output = io.StringIO()
    with (emulator / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        code = destroy.destroy_deployment(tmp_path, Console(file=output, width=200))

    assert code == 2
    assert len(output.getvalue().splitlines()) == 2
    assert "in use" in output.getvalue()
    assert (emulator / "emulator.log").read_text() == "what the running one has logged"


def test_an_interrupt_is_one_line_and_130(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(_emulator: Emulator) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Emulator, "start", interrupt)
    for name in ("emulator", "cdk.out.twin"):
        (tmp_path / ".fourfold" / name).mkdir(parents=True)
    output = io.StringIO()
    assert destroy.destroy_deployment(tmp_path, Console(file=output, width=200)) == 130
    assert output.getvalue().splitlines()[-1].startswith("Interrupted.")
