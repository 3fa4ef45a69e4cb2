"""Text goes in at one end and a served model comes out at the other, through the deployed templates."""

from __future__ import annotations

import json
import os
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.twin.end_to_end.deployed import Deployed
from tests.twin.end_to_end.small import BROKEN, DATASET, TUNED
from twin.report import collect, write_report
from twin.report.artefacts import Artefacts
from twin.run import api, session
from twin.run.board import Board, Progress
from twin.run.execution import STEPS, Outcome

SEEN: list[tuple[str, float, float, str]] = []
"""What the board showed of the evaluation: (phase, done, total, note)."""


@pytest.fixture(scope="module")
def run(deployed: Deployed, module_patch: pytest.MonkeyPatch) -> tuple[Outcome, Board]:
    advance = Board.advance

    def watched(board: Board, name: str, progress: Progress) -> None:
        if name == "EvaluateCandidates":
            SEEN.append((progress.phase, progress.done, progress.total, progress.note))
        advance(board, name, progress)

    module_patch.setattr(Board, "advance", watched)
    return deployed.run(TUNED)


@pytest.fixture(scope="module")
def module_patch() -> Iterator[pytest.MonkeyPatch]:
    with pytest.MonkeyPatch.context() as patch:
        yield patch


@pytest.fixture(scope="module")
def report(deployed: Deployed, run: tuple[Outcome, Board]) -> dict[str, Any]:
    outcome, board = run
    probed = deployed.use(outcome) if outcome.status == "SUCCEEDED" else None
    artefacts = Artefacts(deployed.emulator.client("s3"), deployed.outputs, DATASET, outcome.run_id)
    figures = collect(outcome, board, artefacts, probed, [])
    if folder := os.environ.get("FOURFOLD_TEST_REPORT"):  # for whoever wants to look at the page
        write_report(figures, Path(folder), artefacts.data_card())
    return figures


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
    assert "broken bytes" not in json.dumps(data)
    on_disk = deployed.emulator.local_path(data["quarantine"])
    assert "closing brace" in next(on_disk.glob("reason=not_json/*.jsonl")).read_text()


def test_tuning_lowers_the_loss_on_examples_it_never_saw(report: dict[str, Any]) -> None:
    assert report["tuning"]["loss_after"] < report["tuning"]["loss_before"]
    assert report["evaluation"]["tuned"] > report["evaluation"]["base"]
    assert report["selection"]["needs_tuning"] is True
    assert report["selection"]["floor"] == TUNED["selection"]["floor"]


def test_the_endpoint_and_the_api_answer_ordinary_clients(report: dict[str, Any]) -> None:
    serving = report["serving"]

    assert serving["endpoint"] == "fourfold-twin"
    assert serving["requests"] == len(serving["examples"]) > 0
    assert serving["endpoint_requests"] > 0
    assert all(example["output"].strip() for example in serving["examples"])


def test_the_evaluation_s_progress_counts_the_answers_of_all_candidates_and_names_who_is_waited_for(
    report: dict[str, Any],
) -> None:
    candidates = report["selection"]["candidates"]
    total = sum(candidate["examples"] for candidate in candidates)

    assert {seen_total for _, _, seen_total, _ in SEEN} == {total}
    assert [done for _, done, _, _ in SEEN] == sorted(done for _, done, _, _ in SEEN)
    assert any(0 < done < total for _, done, _, _ in SEEN)
    assert any(f"{candidates[1]['model']} {candidates[1]['strategy']}" in note for *_, note in SEEN)


def test_the_api_refuses_whoever_shows_no_credentials(report: dict[str, Any]) -> None:
    assert report["serving"]["unauthorized_status"] in (401, 403)


@pytest.mark.parametrize("body", [b"{", b"[]", b'{"text": 7}', b"{}", b'{"text": "' + b"x" * 200_000 + b'"}'], ids=repr)
def test_the_api_answers_a_bad_body_with_a_problem_description(
    deployed: Deployed, report: dict[str, Any], body: bytes
) -> None:
    assert report["serving"]
    deployed_api = session.deployed_api(deployed.emulator, deployed.outputs)
    url = f"{deployed_api.url}/v1/summarize"

    status, answer = api.post(api.signed(url, body, deployed_api.region, deployed_api.credentials))

    assert 400 <= status < 500
    assert "Traceback" not in json.dumps(answer)
    assert answer.get("title") or answer.get("message")


def test_the_api_lists_the_approved_model(deployed: Deployed, report: dict[str, Any]) -> None:
    assert report["serving"]
    deployed_api = session.deployed_api(deployed.emulator, deployed.outputs)
    url = f"{deployed_api.url}/v1/models"
    request = api.signed(url, b"", deployed_api.region, deployed_api.credentials, method="GET")
    with urllib.request.urlopen(request, timeout=60) as answer:
        approved = json.load(answer)["data"][0]
    assert "fourfold-twin" in approved["fourfold"]["label"]
    # DescribeEndpoint alone says so of an endpoint, under the role of the gateway.
    assert approved["fourfold"]["state"] == "ready"


def test_the_approved_model_answers_word_by_word(deployed: Deployed, report: dict[str, Any]) -> None:
    assert report["serving"]
    deployed_api = session.deployed_api(deployed.emulator, deployed.outputs)
    url = f"{deployed_api.url}/v1/summarize"
    body = json.dumps({"text": "It rains. Code: river stone.", "stream": True, "fourfold": {"cache": False}}).encode()
    request = api.signed(url, body, deployed_api.region, deployed_api.credentials)
    with urllib.request.urlopen(request, timeout=60) as answer:
        events = answer.read().decode().split("\n\n")
    assert sum(event.startswith("event: delta") for event in events) > 1
    (done,) = [json.loads(event.partition("data: ")[2]) for event in events if event.startswith("event: done")]
    assert [attempt["model"] for attempt in done["fourfold"]["attempts"]] == [done["fourfold"]["label"]]
    assert done["fourfold"]["label"].startswith("fourfold-twin/")


def test_the_job_ran_with_the_arguments_modules_and_workers_of_the_template(
    deployed: Deployed, run: tuple[Outcome, Board]
) -> None:
    outcome, _ = run
    (template,) = deployed.assembly.glob("*DataPreparation.template.json")
    resources = json.loads(template.read_text())["Resources"].values()
    (job,) = [resource["Properties"] for resource in resources if resource["Type"] == "AWS::Glue::Job"]
    runs = deployed.emulator.client("glue").get_job_runs(JobName=job["Name"])["JobRuns"]
    (ran,) = [one for one in runs if one["Arguments"].get("--run_id") == outcome.run_id]

    literal = {name: value for name, value in job["DefaultArguments"].items() if isinstance(value, str)}
    assert literal.items() <= ran["Arguments"].items()
    assert job["DefaultArguments"].keys() <= ran["Arguments"].keys()
    assert ran["Arguments"]["--extra-py-files"].startswith("s3://")
    for name in ("WorkerType", "NumberOfWorkers", "GlueVersion", "Timeout"):
        assert ran[name] == job[name], name
