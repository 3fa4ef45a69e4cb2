"""What the gateway has only where the settings ask for it, because it bills or lets others in."""

from __future__ import annotations

import json
import posixpath
from typing import Any

import pytest

from cdk_app.settings import Guardrail, Settings
from cdk_app.settings.gateway import Firewall, Partners
from cdk_app.settings.guardrail import DeniedTopic
from lambdas.gateway.guard import MESSAGE
from tests.synth.gateways import changed, function, gateway, methods
from tests.synth.templates import Template, allowed, properties, resources, statements_of, text

BILLED = ("AWS::Bedrock::Guardrail", "AWS::WAFv2::WebACL")
GUARDRAIL = Guardrail(
    topics=(DeniedTopic(name="Investment advice", definition="Where to put money.", examples=("Which shares?",)),),
    words=("heffalump",),
    profanity=True,
    mask=("EMAIL",),
    block=("PASSWORD",),
    harmful_content="medium",
    attacks="high",
    grounding=0.7,
    relevance=0.5,
)


@pytest.fixture(scope="module")
def guarded(settings: Settings) -> Template:
    return gateway(changed(settings, guardrail=GUARDRAIL))


@pytest.fixture(scope="module")
def partnered(settings: Settings) -> Template:
    return gateway(changed(settings, partners=Partners(names=("reading-room", "archive"), requests_per_day=500)))


@pytest.fixture(scope="module")
def walled(settings: Settings) -> Template:
    return gateway(changed(settings, firewall=Firewall(requests_per_5_minutes=300)))


def test_nothing_that_bills_by_the_month_or_by_the_text_is_there_by_default(templates: dict[str, Template]) -> None:
    kinds = {body["Type"] for template in templates.values() for body in template["Resources"].values()}
    assert not kinds & {*BILLED, "AWS::ApiGateway::ApiKey", "AWS::ApiGateway::UsagePlan"}


# ---- guardrail --------------------------------------------------------------------------------------------


def test_the_guardrail_looks_for_what_the_settings_name(guarded: Template) -> None:
    found = properties(guarded, "AWS::Bedrock::Guardrail")
    (topic,) = found["TopicPolicyConfig"]["TopicsConfig"]
    assert (topic["Name"], topic["Type"]) == ("Investment advice", "DENY")
    assert found["WordPolicyConfig"]["WordsConfig"] == [{"Text": "heffalump"}]
    assert found["WordPolicyConfig"]["ManagedWordListsConfig"] == [{"Type": "PROFANITY"}]
    personal = found["SensitiveInformationPolicyConfig"]["PiiEntitiesConfig"]
    assert {entity["Type"]: entity["Action"] for entity in personal} == {"EMAIL": "ANONYMIZE", "PASSWORD": "BLOCK"}
    filters = {one["Type"]: one for one in found["ContentPolicyConfig"]["FiltersConfig"]}
    assert set(filters) == {"HATE", "INSULTS", "MISCONDUCT", "SEXUAL", "VIOLENCE", "PROMPT_ATTACK"}
    attack = filters["PROMPT_ATTACK"]
    assert (attack["InputStrength"], attack["OutputStrength"]) == ("HIGH", "NONE")
    grounding = found["ContextualGroundingPolicyConfig"]["FiltersConfig"]
    assert {one["Type"]: one["Threshold"] for one in grounding} == {"GROUNDING": 0.7, "RELEVANCE": 0.5}
    assert "Key" in text(found["KmsKeyArn"])


def test_a_refusal_has_the_gateway_s_words_and_says_nothing_of_the_rule(guarded: Template) -> None:
    found = properties(guarded, "AWS::Bedrock::Guardrail")
    assert found["BlockedInputMessaging"] == found["BlockedOutputsMessaging"] == MESSAGE
    assert not [word for word in ("heffalump", "invest", "guardrail", "topic", "attack") if word in MESSAGE.lower()]


def test_other_words_make_another_version(
    guarded: Template, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cdk_app.constructs.guardrail.BLOCKED", "No.")
    other = gateway(changed(settings, guardrail=GUARDRAIL))
    kind = "AWS::Bedrock::GuardrailVersion"
    assert set(resources(other, kind)) != set(resources(guarded, kind))


def test_the_function_applies_one_version_of_it(guarded: Template) -> None:
    variables = function(guarded)["Environment"]["Variables"]
    assert text(variables["GUARDRAIL_ID"]).endswith(".GuardrailId>")
    assert text(variables["GUARDRAIL_VERSION"]).endswith(".Version>")
    assert [arn[-14:] for arn in allowed(statements_of(guarded, "HandlerRole"), "bedrock:ApplyGuardrail")] == [
        ".GuardrailArn>"
    ]


def test_other_settings_make_another_version(guarded: Template, settings: Settings) -> None:
    stricter = gateway(changed(settings, guardrail=GUARDRAIL.model_copy(update={"grounding": 0.9})))
    versions = [set(resources(template, "AWS::Bedrock::GuardrailVersion")) for template in (guarded, stricter)]
    assert [len(names) for names in versions] == [1, 1]
    assert versions[0] != versions[1]


def test_a_guardrail_has_only_the_policies_that_look_for_something(settings: Settings) -> None:
    found = properties(gateway(changed(settings, guardrail=Guardrail(words=("heffalump",)))), "AWS::Bedrock::Guardrail")
    assert [name for name in found if name.endswith("PolicyConfig")] == ["WordPolicyConfig"]


# ---- partners ---------------------------------------------------------------------------------------------


def test_partners_need_a_key_of_the_plan(partnered: Template) -> None:
    method = methods(partnered)["ANY", "/partners/v1/{proxy+}"]
    assert (method["AuthorizationType"], method["ApiKeyRequired"]) == ("CUSTOM", True)
    assert properties(partnered, "AWS::ApiGateway::RestApi")["ApiKeySourceType"] == "AUTHORIZER"
    plan = properties(partnered, "AWS::ApiGateway::UsagePlan")
    assert plan["Quota"] == {"Limit": 500, "Period": "DAY"}
    assert plan["Throttle"] == {"RateLimit": 5, "BurstLimit": 10}
    keys = resources(partnered, "AWS::ApiGateway::ApiKey")
    assert {body["Properties"]["Name"] for body in keys.values()} == {
        "fourfold-dev-reading-room",
        "fourfold-dev-archive",
    }
    bound = [body["Properties"] for body in resources(partnered, "AWS::ApiGateway::UsagePlanKey").values()]
    assert {one["KeyId"]["Ref"] for one in bound} == set(keys)


def test_no_template_holds_a_keys_value(partnered: Template) -> None:
    for body in resources(partnered, "AWS::ApiGateway::ApiKey").values():
        assert "Value" not in body["Properties"]


def test_keys_are_needed_by_partners_alone(partnered: Template) -> None:
    needing = {path for (_, path), method in methods(partnered).items() if method.get("ApiKeyRequired")}
    assert needing == {"/partners/v1/{proxy+}"}


def test_who_finds_the_key_in_a_request_remembers_none_and_may_do_nothing(partnered: Template) -> None:
    (authorizer,) = (
        body["Properties"]
        for body in resources(partnered, "AWS::ApiGateway::Authorizer").values()
        if body["Properties"]["Type"] == "REQUEST"
    )
    assert authorizer["AuthorizerResultTtlInSeconds"] == 0
    actions = {
        action for statement in statements_of(partnered, "AuthorizePartnerRole") for action in statement["Action"]
    }
    assert actions == {"logs:CreateLogStream", "logs:PutLogEvents"}


# ---- firewall ---------------------------------------------------------------------------------------------


def rules(template: Template) -> dict[str, dict[str, Any]]:
    return {rule["Name"]: rule for rule in properties(template, "AWS::WAFv2::WebACL")["Rules"]}


def test_the_firewall_has_awss_rules_and_a_bound_for_one_address_and_one_user(walled: Template) -> None:
    found = rules(walled)
    assert set(found) == {
        "AWSManagedRulesCommonRuleSet",
        "AWSManagedRulesKnownBadInputsRuleSet",
        "RequestsOfOneAddress",
        "RequestsOfOneUser",
    }
    assert len({rule["Priority"] for rule in found.values()}) == 4
    for name in ("RequestsOfOneAddress", "RequestsOfOneUser"):
        assert found[name]["Action"] == {"Block": {}}
        assert found[name]["Statement"]["RateBasedStatement"]["Limit"] == 300


def test_users_whom_cloudfront_brings_are_told_apart_by_their_tokens_and_not_by_its_address(walled: Template) -> None:
    found = rules(walled)
    address, user = (found[f"RequestsOfOne{whose}"]["Statement"]["RateBasedStatement"] for whose in ("Address", "User"))
    assert (address["AggregateKeyType"], user["AggregateKeyType"]) == ("IP", "CUSTOM_KEYS")
    assert [key["Header"]["Name"] for key in user["CustomKeys"]] == ["authorization"]
    assert address["ScopeDownStatement"] == {"NotStatement": {"Statement": user["ScopeDownStatement"]}}


@pytest.mark.parametrize(
    ("path", "of_users"),
    [
        ("/api/v1/generate", True),
        ("/v1/../api/v1/generate", True),
        ("/api/../v1/generate", False),
        ("/v1/x/api/../../generate", False),
        ("/partners/v1/api/x", False),
        ("/apis/v1/generate", False),
    ],
)
@pytest.mark.parametrize("stage", ["", "/live"])
def test_no_other_path_passes_for_one_of_a_user(walled: Template, stage: str, path: str, of_users: bool) -> None:
    users = rules(walled)["RequestsOfOneUser"]["Statement"]["RateBasedStatement"]["ScopeDownStatement"]

    def holds(statement: dict[str, Any]) -> bool:
        match = statement["ByteMatchStatement"]
        assert match["FieldToMatch"] == {"UriPath": {}}
        assert (match["PositionalConstraint"], match["TextTransformations"]) == (
            "STARTS_WITH",
            [{"Priority": 0, "Type": "NORMALIZE_PATH"}],
        )
        return posixpath.normpath(stage + path).startswith(match["SearchString"])

    assert any(holds(statement) for statement in users["OrStatement"]["Statements"]) is of_users


def test_what_a_prompt_is_about_is_no_attack(walled: Template) -> None:
    counted = {
        one["Name"]
        for name in ("AWSManagedRulesCommonRuleSet", "AWSManagedRulesKnownBadInputsRuleSet")
        for one in rules(walled)[name]["Statement"]["ManagedRuleGroupStatement"]["RuleActionOverrides"]
        if one["ActionToUse"] == {"Count": {}}
    }
    assert counted == {
        "SizeRestrictions_BODY",
        "CrossSiteScripting_BODY",
        "EC2MetaDataSSRF_BODY",
        "GenericLFI_BODY",
        "GenericRFI_BODY",
        "JavaDeserializationRCE_BODY",
        "Log4JRCE_BODY",
        "ReactJSRCE_BODY",
    }


def test_the_firewall_stands_before_the_stage_and_keeps_no_request(walled: Template) -> None:
    association = properties(walled, "AWS::WAFv2::WebACLAssociation")
    (stage,) = resources(walled, "AWS::ApiGateway::Stage")
    assert f"<{stage}>" in text(association["ResourceArn"])
    acl = properties(walled, "AWS::WAFv2::WebACL")
    assert acl["Scope"] == "REGIONAL"
    assert '"SampledRequestsEnabled": true' not in json.dumps(acl)
