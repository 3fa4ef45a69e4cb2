"""A candidate that is good enough is deployed as it is, here once a person approves: nothing is tuned."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from tests.twin.end_to_end.deployed import Deployed
from tests.twin.helpers import wait_until
from twin.run.approval import figures, request
from twin.run.board import Board
from twin.run.questions import SUMMARIZE
from twin.run.reopened import STEPS, reopened
from twin.run.session import new_board

TEXT = "Deletes the table and all of its items. The table cannot be restored. Other tables stay as they are."


def test_a_run_that_the_extractive_baseline_wins_ends_well_and_is_used_without_an_endpoint(deployed: Deployed) -> None:
    board = new_board()
    with ThreadPoolExecutor() as pool:
        running = pool.submit(deployed.run, {"approval": "manual"}, board)
        shown = wait_until(lambda: board.steps["AwaitApproval"].progress, lambda seen: seen is not None, seconds=300)
        asked = request(deployed.emulator.work_dir)
        decided_by = list(figures(asked.known()))
        asked.approve("somebody")
        outcome, _ = running.result()
    assert outcome.status == "SUCCEEDED", outcome.cause
    assert "`fourfold approve`" in shown.phase
    assert "extractive" in decided_by[0]

    probed = deployed.use(outcome)

    assert outcome.results["SelectModel"]["chosen"]["strategy"] == "extractive"
    assert (probed.route, probed.endpoint) == ("/v1/summarize", None)
    assert all(example["output"] in example["prompt"] for example in probed.examples)


def test_what_is_deployed_can_be_asked_afterwards(deployed: Deployed) -> None:
    board = Board()
    for name, label in STEPS.items():
        board.add(name, label)
    with reopened(deployed.emulator.work_dir, board) as found:
        output, _ = found.api.ask(SUMMARIZE, {"text": TEXT})
    assert output in TEXT
