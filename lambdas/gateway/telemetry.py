"""Metrics as a log line in CloudWatch's embedded metric format, and one line of the log: no API call, no wait."""

from __future__ import annotations

import json
import sys
import time
from http import HTTPStatus

from lambdas.gateway.request import Record
from lambdas.shared import log

NAMESPACE = "Fourfold"
COUNT, MILLISECONDS, NONE = "Count", "Milliseconds", "None"
UNITS = {
    "Requests": COUNT,
    "ClientErrors": COUNT,
    "ServerErrors": COUNT,
    "Latency": MILLISECONDS,
    "FirstTokenLatency": MILLISECONDS,
    "InputTokens": COUNT,
    "OutputTokens": COUNT,
    "Throttles": COUNT,
    "Fallbacks": COUNT,
    "CacheHits": COUNT,
    "CacheMisses": COUNT,
    "Blocked": COUNT,
    "CostUsd": NONE,
}


def account(service: str, record: Record, status: int, millis: float) -> None:
    """Log a request and write its metrics, by service, and by service and route."""
    log.info("Request", route=record.route, status=status, millis=round(millis, 1), model=record.model)
    values = _values(record, status, millis)
    document = {
        "_aws": {
            "Timestamp": int(time.time() * 1000),
            "CloudWatchMetrics": [
                {
                    "Namespace": NAMESPACE,
                    "Dimensions": [["Service"], ["Service", "Route"]],
                    "Metrics": [{"Name": name, "Unit": UNITS[name]} for name in values],
                }
            ],
        },
        "Service": service,
        "Route": record.route,
        "Status": status,
        "Model": record.model,
        **values,
    }
    sys.stdout.write(json.dumps(document) + "\n")
    sys.stdout.flush()


def _values(record: Record, status: int, millis: float) -> dict[str, float]:
    values: dict[str, float] = {
        "Requests": 1,
        "ClientErrors": int(HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR),
        "ServerErrors": int(status >= HTTPStatus.INTERNAL_SERVER_ERROR),
        "Latency": round(millis, 1),
    }
    if record.first_token_ms is not None:
        values["FirstTokenLatency"] = record.first_token_ms
    if record.usage is not None:
        values |= {"InputTokens": record.usage.input_tokens, "OutputTokens": record.usage.output_tokens}
        values |= {"Throttles": record.throttles, "Fallbacks": record.fallbacks}
    elif record.throttles or record.fallbacks:
        values |= {"Throttles": record.throttles, "Fallbacks": record.fallbacks}
    if record.cache != "off":
        hit = record.cache != "miss"
        values |= {"CacheHits": int(hit), "CacheMisses": int(not hit)}
    if record.guard != "off":
        values["Blocked"] = int(record.guard == "blocked")
    if record.cost_usd is not None:
        values["CostUsd"] = record.cost_usd
    return values
