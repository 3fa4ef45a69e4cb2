"""What a run finds is printed as soon as it is known, a line of each, above a live board and in a plain log alike."""

from __future__ import annotations

import json
import re
from io import BytesIO, StringIO
from typing import Any

import pytest
from botocore.exceptions import ClientError
from rich.console import Console

from cli.show import shown
from twin.run.board import Board
from twin.run.evaluation import Candidate, Evaluation
from twin.run.news import Begun, Measured, News, Prepared, Selected, WentOn
from twin.run.reporter import Reporter

CONTROL = re.compile(r"\x1b\[[?\d]*[A-Za-z]|\r")
MANIFEST = {
    "input": 100,
    "kept": 30,
    "rejected": {"duplicate": 5, "too_short": 65, "empty": 0},
    "settings": {"data": {}},
    "profile": {"rejected": {}},
}
MEASURED = {
    "index": 1,
    "model": "small",
    "strategy": "few-shot",
    "metric": "rougeL",
    "value": 0.2314,
    "ci": [0.21, 0.2525],
    "latency_ms_p50": 1204.4,
    "usd_per_1k_requests": 0.0123,
    "priced_by": "seconds",
}
RESOLVED = {"tuning": {"TrainData": "s3://curated/docs/run=r1/train"}}


@pytest.fixture(params=[True, False], ids=["terminal", "log"])
def printed(request: pytest.FixtureRequest) -> Any:
    """What a terminal, or a log, shows of news."""

    def show(*all_news: News) -> str:
        file = StringIO()
        console = Console(file=file, force_terminal=request.param, width=60, color_system=None)
        board = Board()
        with shown(board, console):
            for news in all_news:
                board.tell(news)
        return CONTROL.sub("", file.getvalue())

    return show


@pytest.mark.parametrize(
    ("news", "line"),
    [
        (Begun("r1"), "Run r1"),
        (Begun("r1", again=True), "Run r1, resumed"),
        (Prepared(MANIFEST), "Records: 100 in, 30 kept (too_short 65, duplicate 5)"),
        (Prepared(MANIFEST), "65 of 100 records were removed as too_short. data.filters.min_words governs this."),
        (
            Measured(MEASURED),
            "small, few-shot: rougeL 0.231 [0.210, 0.253], 1,204 ms, $0.0123 per 1,000 requests "
            "at this machine's speed",
        ),
        (
            Selected({"reason": "none reaches the floor of 0.3", "chosen": None}),
            "Selection: none reaches the floor of 0.3",
        ),
        (WentOn(16, 76, again=3), "Training goes on from step 16 of 76 (3 steps are done again)."),
        (WentOn(16, 76, again=1), "Training goes on from step 16 of 76 (1 step is done again)."),
        (WentOn(16, 76, again=0), "Training goes on from step 16 of 76 (no step is done again)."),
        (WentOn(16, 76, again=None), "Training goes on from step 16 of 76."),
        (WentOn(0, 76, again=4), "Training begins anew, with no checkpoint to go on from: 4 steps are done again."),
    ],
)
def test_each_is_a_line_of_its_own_whatever_the_width(printed: Any, news: News, line: str) -> None:
    assert line in printed(news).splitlines()


class Objects(dict[str, Any]):
    """S3 with these objects, by their key, whatever the bucket."""

    def get_paginator(self, _operation: str) -> Objects:
        return self

    def paginate(self, Bucket: str, Prefix: str) -> list[dict[str, Any]]:  # noqa: N803
        assert Bucket == "models"
        return [{"Contents": [{"Key": key} for key in self if key.startswith(Prefix)]}]

    def get_object(self, Bucket: str, Key: str) -> dict[str, Any]:  # noqa: N803
        assert Bucket == ("models" if Key.startswith("run=") else "curated")
        if Key not in self:
            raise ClientError({"Error": {"Code": "NoSuchKey", "Message": Key}}, "GetObject")
        return {"Body": BytesIO(json.dumps(self[Key]).encode())}


def told(objects: Objects, results: dict[str, Any]) -> tuple[Reporter, list[News]]:
    heard: list[News] = []
    return Reporter(heard.append, objects, lambda: results), heard


def evaluation() -> Evaluation:
    candidates = [Candidate("0-a-x", "a x", False), Candidate("1-small-few-shot", "small few-shot", True)]
    return Evaluation(candidates, 8, 2, ("models", "run=r1/candidates/"))


def test_the_counts_of_the_preparation_are_told_when_it_is_over() -> None:
    reporter, heard = told(Objects({"docs/run=r1/manifest.json": MANIFEST}), {"ResolveRun": RESOLVED})
    reporter.left("PrepareData", None)
    assert heard == [Prepared(MANIFEST)]


def test_a_manifest_that_is_missing_is_left_to_the_step_that_looks_for_it() -> None:
    reporter, heard = told(Objects(), {"ResolveRun": RESOLVED})
    reporter.left("PrepareData", None)
    assert heard == []


def test_a_candidate_is_told_once_when_its_result_is_there_and_the_last_one_when_the_step_is_over() -> None:
    objects = Objects({"run=r1/candidates/0-a-x.json": {"index": 0}})
    reporter, heard = told(objects, {})
    under_way = evaluation()
    assert reporter.look(under_way)
    assert not reporter.look(under_way)
    objects["run=r1/candidates/1-small-few-shot.json"] = MEASURED
    reporter.left("EvaluateCandidates", under_way)
    assert heard == [Measured({"index": 0}), Measured(MEASURED)]


def test_the_choice_is_told_with_its_reason_and_not_where_there_was_none() -> None:
    selected = {"reason": "the cheapest", "chosen": None}
    reporter, heard = told(Objects(), {"SelectModel": selected})
    reporter.left("CheckData", None)
    assert heard == []
    reporter.left("SelectModel", None)
    assert heard == [Selected(selected)]
