"""Text goes in at one end and a served model comes out at the other, through the deployed templates."""

from __future__ import annotations

import json
import urllib.request
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.twin.end_to_end.deployed import Deployed
from tests.twin.end_to_end.small import BROKEN, DATASET
from twin.report import collect
from twin.report.artefacts import Artefacts
from twin.run import probe as probing
from twin.run import session, staging
from twin.run.board import Board, Progress
from twin.run.execution import STEPS, Outcome


@pytest.fixture(scope="module")
def run(deployed: Deployed) -> tuple[Outcome, Board]:
    return deployed.run()


@pytest.fixture(scope="module")
def report(deployed: Deployed, run: tuple[Outcome, Board]) -> dict[str, Any]:
    outcome, board = run
    outputs = staging.stack_outputs(deployed.emulator, session.ENVIRONMENT)
    probed = None
    if outcome.status == "SUCCEEDED":
        seen: list[Progress] = []
        probed = session.use(deployed.emulator, deployed.settings, deployed.options, outcome, outputs, seen.append)
    artefacts = Artefacts(deployed.emulator.client("s3"), outputs, DATASET, outcome.run_id)
    return collect(outcome, board, artefacts, probed, [])


def test_the_state_machine_succeeds_and_every_step_ran(report: dict[str, Any]) -> None:
    assert report["execution"]["status"] == "SUCCEEDED", report["execution"]["cause"]
    statuses = {step["name"]: step["status"] for step in report["steps"] if step["workflow"]}
    assert statuses == dict.fromkeys(STEPS, "SUCCEEDED")


def test_every_line_is_kept_or_in_quarantine_with_its_reason(deployed: Deployed, report: dict[str, Any]) -> None:
    data = report["data"]

    assert data["input"] == deployed.lines == data["kept"] + sum(data["rejected"].values())
    for reason in BROKEN:
        assert data["rejected"][reason] >= 1
        assert data["rejected_examples"][reason][0]["reason"] == reason


def test_tuning_lowers_the_loss_on_examples_it_never_saw(report: dict[str, Any]) -> None:
    assert report["tuning"]["loss_after"] < report["tuning"]["loss_before"]
    assert report["evaluation"]["tuned"] > report["evaluation"]["base"]
    assert report["selection"]["needs_tuning"] is True


def test_the_endpoint_and_the_api_answer_ordinary_clients(report: dict[str, Any]) -> None:
    serving = report["serving"]

    assert serving["endpoint"] == "fourfold-twin"
    assert serving["requests"] == 2 * len(serving["examples"])
    assert all(example["output"].strip() for example in serving["examples"])


def test_the_api_refuses_whoever_shows_no_credentials(report: dict[str, Any]) -> None:
    assert report["serving"]["unauthorized_status"] in (401, 403)


@pytest.mark.parametrize("body", [b"{", b"[]", b'{"text": 7}', b"{}", b'{"text": "' + b"x" * 200_000 + b'"}'], ids=repr)
def test_the_api_answers_a_bad_body_with_a_problem_description(
    deployed: Deployed, report: dict[str, Any], body: bytes
) -> None:
    assert report["serving"]
    outputs = staging.stack_outputs(deployed.emulator, session.ENVIRONMENT)
    api = deployed.emulator.api_url(outputs["RestApiId"], urlsplit(outputs["ApiUrl"]).path.strip("/"))
    credentials = deployed.emulator.session().get_credentials()
    request = probing.signed(f"{api}/v1/summarize", body, "us-east-1", credentials)

    status, answer = probing.post(request)

    assert 400 <= status < 500
    assert "Traceback" not in json.dumps(answer)
    assert answer.get("title") or answer.get("message")


def test_the_api_lists_the_approved_model(deployed: Deployed, report: dict[str, Any]) -> None:
    assert report["serving"]
    outputs = staging.stack_outputs(deployed.emulator, session.ENVIRONMENT)
    api = deployed.emulator.api_url(outputs["RestApiId"], urlsplit(outputs["ApiUrl"]).path.strip("/"))
    credentials = deployed.emulator.session().get_credentials()
    request = probing.signed(f"{api}/v1/models", b"", "us-east-1", credentials, method="GET")
    with urllib.request.urlopen(request, timeout=60) as answer:
        assert "fourfold-twin" in answer.read().decode()
