"""Every request leaves a line in the log and one with its metrics; what was asked and answered is in neither."""

from __future__ import annotations

import json
from typing import Any

import pytest

from benchmarks.gateway.upstream import Script, Upstream
from tests.unit.gateway.conftest import Configure, Gateway
from tests.unit.gateway.parts import USER, Passages


@pytest.fixture
def lines(gateway: Gateway, capsys: pytest.CaptureFixture[str]) -> Any:
    def read() -> list[dict[str, Any]]:
        gateway.wait_until_idle()
        return [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    return read


def test_every_request_leaves_a_metrics_line_that_cloudwatch_reads(gateway: Gateway, lines: Any) -> None:
    gateway.post("/v1/summarize", {"text": "private words", "model": "first"})
    gateway.post("/v1/summarize", {})
    gateway.send("GET", "/nowhere")

    written = lines()
    # A request's line may come after its answer, and so after the next request's line.
    good, wrong, nowhere = sorted((line for line in written if "_aws" in line), key=lambda line: line["Status"])
    directive = good["_aws"]["CloudWatchMetrics"][0]
    assert directive["Namespace"] == "Fourfold"
    assert directive["Dimensions"] == [["Service"], ["Service", "Route"]]
    assert all(metric["Name"] in good for metric in directive["Metrics"])
    units = {metric["Name"]: metric["Unit"] for metric in directive["Metrics"]}
    assert units["FirstTokenLatency"] == units["Latency"] == "Milliseconds"
    assert (good["Service"], good["Route"], good["Requests"], good["Model"]) == (
        "fourfold-dev",
        "summarize",
        1,
        "first",
    )
    assert (good["InputTokens"], good["OutputTokens"], good["CostUsd"]) == (7, 5, 27e-6)
    assert (good["ClientErrors"], good["ServerErrors"], good["Throttles"], good["Fallbacks"]) == (0, 0, 0, 0)
    assert (wrong["ClientErrors"], wrong["ServerErrors"], wrong["Route"]) == (1, 0, "summarize")
    assert (nowhere["ClientErrors"], nowhere["Route"]) == (1, "unknown")
    assert "private words" not in str(written)
    assert "owl" not in str(written)


@pytest.mark.usefixtures("no_pauses")
def test_throttles_and_fallbacks_are_counted(
    gateway: Gateway, upstream: Upstream, configure: Configure, lines: Any
) -> None:
    configure(fallback={"first": ["second"]})
    throttled = Script(error="ThrottlingException")
    upstream.script = lambda path: throttled if "first" in path else Script()

    gateway.chat()

    (metrics,) = [line for line in lines() if "_aws" in line]
    assert (metrics["Throttles"], metrics["Fallbacks"], metrics["Model"]) == (5, 1, "second")


def test_a_stream_that_breaks_off_is_an_error_in_the_metrics(gateway: Gateway, upstream: Upstream, lines: Any) -> None:
    upstream.scripted(Script(dies_after=1))

    assert gateway.chat(stream=True).status == 200

    (metrics,) = [line for line in lines() if "_aws" in line]
    assert (metrics["Status"], metrics["ServerErrors"]) == (502, 1)


def test_a_fault_before_the_work_begins_is_an_error_in_the_metrics(
    gateway: Gateway, lines: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GATEWAY_SETTINGS", "/nowhere/gateway.json")

    assert gateway.chat().status == 500

    (metrics,) = [line for line in lines() if "_aws" in line]
    assert (metrics["Route"], metrics["Status"], metrics["ServerErrors"]) == ("chat", 500, 1)


def test_the_question_s_embedding_is_in_the_figures_of_an_answer_from_documents(gateway: Gateway, lines: Any) -> None:
    vars(gateway.application._services)["documents"] = Passages()

    reply = gateway.post("/api/v1/search", {"query": "x", "answer": True, "model": "first"}, headers=USER)

    (metrics,) = [line for line in lines() if "_aws" in line]
    assert (metrics["InputTokens"], metrics["OutputTokens"], metrics["CostUsd"]) == (10, 5, 30e-6)
    assert reply.body["answer"]["fourfold"]["cost_usd"] == 30e-6
    assert reply.body["answer"]["usage"]["input_tokens"] == 7


@pytest.mark.parametrize("model", ["first", "approved"])
def test_the_correlation_id_goes_from_the_page_to_the_model_and_into_each_line_of_the_log(
    gateway: Gateway, upstream: Upstream, lines: Any, model: str
) -> None:
    upstream.scripted(Script(error="ThrottlingException"), Script())
    headers = {"Content-Type": "application/json", "X-Correlation-Id": "page-7.click_2"}
    gateway.post("/v1/generate", {"prompt": "x", "model": model}, headers=headers)

    asked = upstream.asked[-1]
    given = asked.body.get("requestMetadata") or {"correlation_id": asked.headers["x-amzn-sagemaker-inference-id"]}
    assert given == {"correlation_id": "page-7.click_2"}
    logged = [line for line in lines() if "_aws" not in line]
    assert {line["message"] for line in logged} == {"The model refused", "Request"}
    assert {line["correlation_id"] for line in logged} == {"page-7.click_2"}
    assert len({line["request_id"] for line in logged}) == 1


def test_the_check_of_health_leaves_no_line(gateway: Gateway, lines: Any) -> None:
    assert gateway.send("GET", "/healthz").body == {"status": "ok"}
    assert lines() == []
