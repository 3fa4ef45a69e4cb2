"""`fourfold models refresh`: what an account's own APIs tell, shown and kept; and the models' list with it."""

from __future__ import annotations

from pathlib import Path

import boto3
import pytest

from cdk_app.catalogue import ENTRIES
from tests.unit.catalogue.conftest import REGION, FakeAws
from tests.unit.catalogue.models_command import invoke

pytestmark = pytest.mark.usefixtures("root")


def test_without_credentials_a_refresh_is_one_message() -> None:
    code, output, error = invoke("refresh", "--region", "eu-west-1")
    assert code == 1
    assert output == ""
    assert error.startswith("There are no AWS credentials")
    assert "needs none" in error


def test_without_a_region_a_refresh_asks_for_one() -> None:
    code, _, error = invoke("refresh")
    assert code == 2
    assert "Say --region" in error


def test_a_refresh_tells_the_differences_and_keeps_them_if_asked(
    answering: FakeAws, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        boto3.Session, "client", lambda _, service, region_name: answering(service, region_name=region_name)
    )
    code, output, _ = invoke("refresh", "--region", REGION, "--write")
    assert code == 1
    assert "AWS lists 3 models in eu-west-1" in output
    assert "nova-micro\tlifecycle\tactive\tlegacy" in output
    assert (root / ".fourfold" / "models" / "eu-west-1.json").is_file()
    _, output, notes = invoke("--provider", "newcomer")
    assert "tiny-1" in output
    assert f"1 of {len(ENTRIES) + 1} models" in notes
    _, output, _ = invoke("nova-micro")
    assert "AWS's own answer in eu-west-1" in output
    assert "2027-06-01" in output


def test_a_region_of_which_only_aws_told_can_be_asked_for(
    answering: FakeAws, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert invoke("--region", "eu-west-9")[0] == 2
    monkeypatch.setattr(
        boto3.Session, "client", lambda _, service, region_name: answering(service, region_name=region_name)
    )
    invoke("refresh", "--region", REGION, "--write")
    kept = root / ".fourfold" / "models" / f"{REGION}.json"
    kept.with_stem("eu-west-9").write_text(kept.read_text().replace(REGION, "eu-west-9"))

    code, output, _ = invoke("--region", "eu-west-9")

    assert code == 0
    assert "tiny-1" in output


def test_a_refresh_that_is_not_told_to_write_keeps_nothing(
    answering: FakeAws, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        boto3.Session, "client", lambda _, service, region_name: answering(service, region_name=region_name)
    )
    invoke("refresh", "--region", REGION)
    assert not (root / ".fourfold").exists()


def test_a_broken_file_of_what_aws_told_is_one_message(root: Path) -> None:
    (root / ".fourfold" / "models").mkdir(parents=True)
    (root / ".fourfold" / "models" / "eu-west-1.json").write_text("{")
    code, output, error = invoke()
    assert (code, output) == (1, "")
    assert "Delete it" in error
