"""The OpenAPI document says what the gateway does: schemathesis finds no fault of the server's, no status untold."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from lambdas.gateway.identity import REQUEST_CONTEXT
from lambdas.gateway.openapi.operations import OPERATIONS
from lambdas.gateway.routing import ROUTES
from tests.unit.gateway.conftest import MAX_CHARACTERS, Gateway

CHECKS = [
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
EXAMPLES = 15
# What answers 501 here, because nothing is set up for it: that is documented, and no fault.
NOT_SET_UP = 501


def test_every_route_is_described_and_nothing_else() -> None:
    assert {(route.method, route.path) for route in ROUTES} == set(OPERATIONS)


def test_the_bounds_are_those_of_the_settings(gateway: Gateway) -> None:
    described = gateway.send("GET", "/openapi.json").body

    assert described["openapi"] == "3.1.0"
    body = described["paths"]["/v1/summarize"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert body["properties"]["text"]["maxLength"] == MAX_CHARACTERS
    assert body["properties"]["max_tokens"] == {
        "type": "integer",
        "description": "Most tokens of the answer; the deployed limit where it is not given.",
        "minimum": 1,
        "maximum": 64,
    }
    assert body["required"] == ["text"]
    assert body["additionalProperties"] is False


def test_partners_are_not_offered_what_tells_of_the_inside(gateway: Gateway) -> None:
    paths = gateway.send("GET", "/openapi.json").body["paths"]

    assert paths["/v1/workflow"]["get"]["servers"] == [
        {"url": "/", "description": "For services."},
        {"url": "/api", "description": "For the page's users."},
    ]
    assert [
        security
        for operation in paths.values()
        for method in operation.values()
        if "servers" in method
        for security in method["security"]
    ] == [{"sigv4": []}, {"user": []}]


def test_partners_may_send_their_key_in_either_of_the_headers_that_their_authorizer_reads(gateway: Gateway) -> None:
    described = gateway.send("GET", "/openapi.json").body
    schemes = described["components"]["securitySchemes"]

    assert {"partner": []} in described["paths"]["/v1/models"]["get"]["security"]
    assert {"partnerKey": []} in described["paths"]["/v1/models"]["get"]["security"]
    assert (schemes["partner"]["scheme"], schemes["partnerKey"]["name"]) == ("bearer", "x-api-key")


@pytest.mark.parametrize(
    ("address", "path", "roots"),
    [
        (
            "https://a1.execute-api.eu-west-1.amazonaws.com/live/openapi.json",
            "/live/openapi.json",
            ["/live", "/live/api", "/live/partners"],
        ),
        ("https://api.example.com/chat/openapi.json", "/chat/openapi.json", ["/chat", "/chat/api", "/chat/partners"]),
        ("https://api.example.com/openapi.json", "/openapi.json", ["/", "/api", "/partners"]),
    ],
)
def test_the_servers_lead_from_where_the_document_is_to_each_root(
    gateway: Gateway, address: str, path: str, roots: list[str]
) -> None:
    context = {REQUEST_CONTEXT: json.dumps({"path": path, "stage": "live"})}

    told = gateway.send("GET", "/openapi.json", headers=context).body["servers"]

    assert [urlsplit(urljoin(address, server["url"])).path for server in told] == roots


@pytest.mark.parametrize("mode", list(GenerationMode))
def test_schemathesis_finds_no_fault_of_the_server_s_and_no_untold_answer(
    gateway: Gateway, mode: GenerationMode
) -> None:
    schema = schemathesis.openapi.from_url(f"{gateway.url}/openapi.json")
    tried: Counter[str] = Counter()

    for result in schema.get_all_operations():
        operation: Any = result.ok()  # type: ignore[union-attr]

        @settings(
            max_examples=EXAMPLES,
            deadline=None,
            database=None,
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(operation.as_strategy(generation_mode=mode))
        def check(case: Any) -> None:
            response = case.call(base_url=gateway.url)
            tried[f"{case.method} {case.path} {response.status_code // 100}"] += 1
            if response.status_code != NOT_SET_UP:
                case.validate_response(response, checks=[not_a_server_error])
            case.validate_response(response, checks=CHECKS)

        # A request without a body has nothing in it that could be wrong.
        if mode is GenerationMode.POSITIVE or operation.body:
            check()

    assert tried["POST /v1/chat/completions 2" if mode is GenerationMode.POSITIVE else "POST /v1/chat/completions 4"]
    assert tried["POST /v1/summarize 2" if mode is GenerationMode.POSITIVE else "POST /v1/summarize 4"]
