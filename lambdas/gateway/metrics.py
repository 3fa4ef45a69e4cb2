"""Metrics as a log line in CloudWatch's embedded metric format: no API call, no wait."""

from __future__ import annotations

import json
import time
from http import HTTPStatus

from lambdas.shared.converse import Answer

NAMESPACE = "Fourfold"
UNITS = {
    "Requests": "Count",
    "ClientErrors": "Count",
    "ServerErrors": "Count",
    "Latency": "Milliseconds",
    "InputTokens": "Count",
    "OutputTokens": "Count",
}


def emit(service: str, route: str, status: int, millis: float, answer: Answer | None) -> None:
    """Write one request's metrics, by service, and by service and route."""
    values: dict[str, float] = {
        "Requests": 1,
        "ClientErrors": int(HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR),
        "ServerErrors": int(status >= HTTPStatus.INTERNAL_SERVER_ERROR),
        "Latency": round(millis, 1),
    }
    if answer:
        values |= {"InputTokens": answer.input_tokens, "OutputTokens": answer.output_tokens}
    directive = {
        "Namespace": NAMESPACE,
        "Dimensions": [["Service"], ["Service", "Route"]],
        "Metrics": [{"Name": name, "Unit": UNITS[name]} for name in values],
    }
    document = {
        "_aws": {"Timestamp": int(time.time() * 1000), "CloudWatchMetrics": [directive]},
        "Service": service,
        "Route": route,
        "Status": status,
        **values,
    }
    print(json.dumps(document), flush=True)
