"""What the workflow tells of its runs, and to whom."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest

from benchmarks.gateway.upstream import Upstream
from tests.unit.gateway.conftest import Aws, Configure, Gateway


@pytest.fixture
def lineage(gateway: Gateway, store: Aws, upstream: Upstream, monkeypatch: pytest.MonkeyPatch) -> dict[str, object]:
    """A run that goes on, and one that has finished with this lineage."""
    arn = "arn:aws:states:eu-west-1:123456789012:stateMachine:fourfold-dev"
    monkeypatch.setenv("STATE_MACHINE_ARN", arn)
    written: dict[str, object] = {"run_id": "run-7"}
    store.objects["/models/run=run-7/lineage.json"] = written
    names = [("run-8", "RUNNING"), ("run-7", "SUCCEEDED")]

    def other(path: str, headers: Mapping[str, str], body: bytes) -> tuple[int, bytes] | None:
        if headers.get("x-amz-target") != "AWSStepFunctions.ListExecutions":
            return store.answer(path, headers, body)
        executions = [
            {
                "executionArn": f"{arn}:{name}",
                "stateMachineArn": arn,
                "name": name,
                "status": status,
                "startDate": 1795722689.0,
                **({"stopDate": 1795722699.0} if status == "SUCCEEDED" else {}),
            }
            for name, status in names
        ]
        return 200, json.dumps({"executions": executions}).encode()

    upstream.other = other
    return written


def test_the_workflow_shows_its_executions_and_of_the_last_lineage_what_the_page_reports(
    gateway: Gateway, lineage: dict[str, object]
) -> None:
    arn = "arn:aws:sagemaker:eu-west-1:123456789012:pipeline/fourfold-dev/execution/abc"
    lineage.update(
        {
            "run": {"task": {"instruction": "Sum up.", "name": "s"}, "metric": "rougeL", "models_prefix": "run=run-7/"},
            "data": {
                "input": 9,
                "kept": 8,
                "splits": {"train": 8},
                "rejected": {"short": 1},
                "manifest_key": "x/y.json",
            },
            "candidates": [{"index": 0, "model": "m", "value": 0.3, "priced_by": "seconds", "price": {"usd": 1}}],
            "selection": {"chosen": {"index": 0, "model_id": arn}, "tuning": {"LearningRate": "1"}, "reason": "cheap"},
            "pipeline_execution_arn": arn,
            "comparison": None,
            "approval": {"approved_by": arn, "approved_at": "now", "token": "t"},
            "target": {"endpoint": "secret-endpoint"},
            "smoke_test": {"examples": [{"prompt": "p", "output": "o", "key": "k"}]},
            "files": [{"uri": "s3://secret-bucket/x"}],
        }
    )

    told = gateway.send("GET", "/v1/workflow").body

    assert told["state_machine"] == "fourfold-dev"
    assert [(one["run_id"], one["status"], one["stopped"] is None) for one in told["executions"]] == [
        ("run-8", "RUNNING", True),
        ("run-7", "SUCCEEDED", False),
    ]
    assert told["last"] == {
        "run_id": "run-7",
        "run": {"task": {"instruction": "Sum up."}, "metric": "rougeL"},
        "data": {"input": 9, "kept": 8, "splits": {"train": 8}, "rejected": {"short": 1}},
        "candidates": [{"index": 0, "model": "m", "value": 0.3, "priced_by": "seconds"}],
        "selection": {"chosen": {"index": 0}, "reason": "cheap"},
        "comparison": None,
        "approval": {"approved_by": "abc", "approved_at": "now"},
        "smoke_test": {"examples": [{"prompt": "p", "output": "o"}]},
    }


@pytest.mark.parametrize(
    ("root", "caller", "status"),
    [
        ("/v1", {"identity": {"userArn": "arn:aws:iam::1:user/ann"}}, 200),
        ("/api/v1", {"authorizer": {"claims": {"sub": "u1"}}}, 200),
        ("/partners/v1", {"identity": {"apiKeyId": "k1"}}, 403),
        ("/partners/v1", None, 403),
        ("/v1", {}, 403),
    ],
)
def test_partners_and_whoever_is_not_known_are_told_nothing_of_the_workflow(
    gateway: Gateway,
    configure: Configure,
    lineage: dict[str, object],
    root: str,
    caller: dict[str, object] | None,
    status: int,
) -> None:
    configure(authorization="none")
    sent = {} if caller is None else {"x-amzn-request-context": json.dumps(caller)}

    reply = gateway.send("GET", f"{root}/workflow", headers=sent)

    assert (reply.status, "run-7" in reply.text) == (status, status == 200)
