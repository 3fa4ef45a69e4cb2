"""What API Gateway refuses by itself it tells as the function behind it does, with what to do about it."""

from __future__ import annotations

import json
from typing import Any

import botocore.session
import pytest

from cdk_app.settings import Settings
from cdk_app.settings.gateway import Partners
from tests.synth.gateways import changed, gateway
from tests.synth.templates import Template, resources


@pytest.fixture(scope="module")
def template(templates: dict[str, Template]) -> Template:
    return templates["Gateway"]


Documents = dict[str, dict[str, Any]]


def told_by_api_gateway(template: Template) -> Documents:
    """What API Gateway answers by itself, by type, as it fills it in."""
    return {
        body["Properties"]["ResponseType"]: json.loads(
            body["Properties"]["ResponseTemplates"]["application/json"].replace(
                "$context.error.messageString", '"It says \\"no\\"."'
            )
        )
        for body in resources(template, "AWS::ApiGateway::GatewayResponse").values()
    }


def test_errors_of_the_api_itself_are_problem_documents_with_their_status(template: Template) -> None:
    documents = told_by_api_gateway(template)
    for body in resources(template, "AWS::ApiGateway::GatewayResponse").values():
        response = body["Properties"]
        headers, filled = response["ResponseParameters"], documents[response["ResponseType"]]
        assert headers["gatewayresponse.header.Content-Type"] == "'application/problem+json'"
        assert {"type", "title", "detail", "instance", "error"} <= set(filled)
        # OpenAI's clients read nothing else of an error.
        assert (filled["error"]["message"], filled["error"]["param"]) == (filled["detail"], None)
        # Those of every other type keep the status that API Gateway gives each of them.
        assert str(filled.get("status")) == str(response.get("StatusCode"))
        assert ("status" in filled) is not response["ResponseType"].startswith("DEFAULT")
        assert f"'{filled.get('retry_after')}'" == str(headers.get("gatewayresponse.header.Retry-After", "'None'"))


def test_each_error_of_the_api_itself_has_words_of_its_own_and_api_gateways_beside_them(template: Template) -> None:
    documents = told_by_api_gateway(template)
    assert len({document["detail"] for document in documents.values()}) == len(documents)
    for kind, document in documents.items():
        assert document["detail"].endswith(".")
        assert "$" not in document["detail"]
        assert "_" not in document["title"]
        # Of a fault of ours nothing of the inside is told.
        server = document.get("status", 0) >= 500 or kind == "DEFAULT_5XX"
        assert document.get("reason") == (None if server else 'It says "no".')


def test_who_is_not_let_in_is_told_where_each_kind_of_credentials_belongs_and_of_no_root_that_there_is_not(
    settings: Settings,
) -> None:
    partners = Partners(names=("reading-room",), rate_limit=7, requests_per_day=1234)
    both = told_by_api_gateway(gateway(changed(settings, partners=partners)))
    neither = told_by_api_gateway(gateway(changed(settings, page=False, partners=None)))
    for kind in ("UNAUTHORIZED", "MISSING_AUTHENTICATION_TOKEN", "DEFAULT_4XX"):
        assert all(root in both[kind]["detail"] for root in (" /v1", " /api/v1", " /partners/v1"))
        assert not any(root in neither[kind]["detail"] for root in ("/api/v1", "/partners/v1"))
    assert "x-api-key" in both["INVALID_API_KEY"]["detail"]
    assert "7 of one API key" in both["THROTTLED"]["detail"]
    assert "1,234 requests" in both["QUOTA_EXCEEDED"]["detail"]
    assert "10 MB" in both["REQUEST_TOO_LARGE"]["detail"]


def test_every_kind_of_error_that_api_gateway_has_is_told_with_its_status(template: Template) -> None:
    statuses = {
        body["Properties"]["ResponseType"]: body["Properties"].get("StatusCode")
        for body in resources(template, "AWS::ApiGateway::GatewayResponse").values()
    }
    known = botocore.session.get_session().get_service_model("apigateway").shape_for("GatewayResponseType")
    assert set(statuses) == set(known.enum)
    assert (statuses["UNAUTHORIZED"], statuses["THROTTLED"], statuses["INTEGRATION_TIMEOUT"]) == ("401", "429", "504")


def test_whom_the_throttle_refuses_is_told_when_to_ask_again(template: Template) -> None:
    told = {
        body["Properties"]["ResponseType"]: body["Properties"]["ResponseParameters"].get(
            "gatewayresponse.header.Retry-After"
        )
        for body in resources(template, "AWS::ApiGateway::GatewayResponse").values()
    }
    assert told.pop("THROTTLED") == "'1'"
    assert set(told.values()) == {None}
