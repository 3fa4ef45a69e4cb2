"""Guardrails decide what can be decided here, alone and around a conversation; the rest is refused at creation."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.twin.conversations import QUESTION, TEXT, applied, converse, refusal
from tests.twin.helpers import allow, unique, user_client
from twin.bedrock.control import service, store
from twin.emulator import Emulator, hooks

Json = dict[str, Any]
IN, OUT = "You may not ask this.", "I may not say this."


@pytest.fixture(scope="module")
def runtime(emulator: Emulator) -> Any:
    return emulator.client("bedrock-runtime")


@pytest.fixture(scope="module")
def control(emulator: Emulator) -> Any:
    return emulator.client("bedrock")


@pytest.fixture
def guardrail(control: Any) -> Callable[..., str]:
    """Makes a guardrail of these policies; its id."""

    def make(**policies: Any) -> str:
        messages = {"blockedInputMessaging": IN, "blockedOutputsMessaging": OUT}
        return str(control.create_guardrail(name=unique("guardrail"), **messages, **policies)["guardrailId"])

    return make


def words(*texts: str, **sides: Any) -> Json:
    return {"wordPolicyConfig": {"wordsConfig": [{"text": text, **sides} for text in texts]}}


def personal(kind: str, action: str = "ANONYMIZE", **sides: Any) -> Json:
    return {"sensitiveInformationPolicyConfig": {"piiEntitiesConfig": [{"type": kind, "action": action, **sides}]}}


def guarded(identifier: str, **settings: Any) -> Json:
    return {"guardrailConfig": {"guardrailIdentifier": identifier, "guardrailVersion": "DRAFT", **settings}}


def said(answer: Any) -> str:
    return str(answer["output"]["message"]["content"][0]["text"])


def test_a_word_is_blocked_as_a_whole_word_whatever_its_case(runtime: Any, guardrail: Any) -> None:
    made = guardrail(**words("red herring"))
    answer = applied(runtime, made, "A Red Herring!")
    assert (answer["action"], answer["outputs"]) == ("GUARDRAIL_INTERVENED", [{"text": IN}])
    found = answer["assessments"][0]["wordPolicy"]["customWords"]
    assert found == [{"match": "Red Herring", "action": "BLOCKED", "detected": True}]
    assert applied(runtime, made, "A red herring", source="OUTPUT")["outputs"] == [{"text": OUT}]
    answer = applied(runtime, made, "red herrings")
    assert (answer["action"], answer["outputs"]) == ("NONE", [])
    assert answer["usage"]["wordPolicyUnits"] == 1
    assert answer["guardrailCoverage"] == {"textCharacters": {"guarded": 12, "total": 12}}


def test_profanity_is_blocked(runtime: Any, guardrail: Any) -> None:
    made = guardrail(wordPolicyConfig={"managedWordListsConfig": [{"type": "PROFANITY"}]})
    answer = applied(runtime, made, "What a load of bullshit.")
    assert answer["assessments"][0]["wordPolicy"]["managedWordLists"][0]["match"] == "bullshit"
    assert applied(runtime, made, "What a load of hay.")["action"] == "NONE"


@pytest.mark.parametrize(
    ("kind", "text", "other"),
    [
        ("AWS_ACCESS_KEY", "AKIAIOSFODNN7EXAMPLE", "AKIAIOSFODNN7"),
        ("CA_SOCIAL_INSURANCE_NUMBER", "046 454 286", "046 454 287"),
        ("CREDIT_DEBIT_CARD_NUMBER", "4111 1111 1111 1111", "4111 1111 1111 1112"),
        ("CREDIT_DEBIT_CARD_NUMBER", "378282246310005", "378282246310006"),
        ("EMAIL", "ana@example.org", "ana@example"),
        ("INTERNATIONAL_BANK_ACCOUNT_NUMBER", "GB82 WEST 1234 5698 7654 32", "GB82 WEST 1234 5698 7654 33"),
        ("IP_ADDRESS", "192.168.2.1", "192.168.2.256"),
        ("IP_ADDRESS", "2001:db8::1", "10:30"),
        ("MAC_ADDRESS", "00:1b:44:11:3a:b7", "00:1b:44:11:3a"),
        ("PHONE", "(555) 010-9999", "2024-01-02"),
        ("PHONE", "+44 20 7946 0958", "3.14159"),
        ("UK_NATIONAL_HEALTH_SERVICE_NUMBER", "943 476 5919", "943 476 5918"),
        ("UK_NATIONAL_INSURANCE_NUMBER", "AB 12 34 56 C", "DB 12 34 56 C"),
        ("URL", "https://example.org/a?b=c", "example.org"),
        ("US_BANK_ROUTING_NUMBER", "021000021", "021000022"),
        ("US_INDIVIDUAL_TAX_IDENTIFICATION_NUMBER", "912-70-1234", "912-93-1234"),
        ("US_SOCIAL_SECURITY_NUMBER", "078-05-1120", "000-05-1120"),
        ("VEHICLE_IDENTIFICATION_NUMBER", "1M8GDM9AXKP042788", "1M8GDM9A1KP042788"),
    ],
)
def test_personal_data_is_masked_by_its_kind(runtime: Any, guardrail: Any, kind: str, text: str, other: str) -> None:
    made = guardrail(**personal(kind))
    answer = applied(runtime, made, f"Here: {text}.", f"And there: {other}.")
    assert answer["action"] == "GUARDRAIL_INTERVENED"
    assert answer["outputs"] == [{"text": f"Here: {{{kind}}}."}, {"text": f"And there: {other}."}]
    found = answer["assessments"][0]["sensitiveInformationPolicy"]["piiEntities"]
    assert found == [{"match": text, "type": kind, "action": "ANONYMIZED", "detected": True}]


def test_a_pattern_is_masked_by_its_name(runtime: Any, guardrail: Any) -> None:
    pattern = {"name": "ticket", "pattern": r"T-\d+", "action": "ANONYMIZE"}
    made = guardrail(sensitiveInformationPolicyConfig={"regexesConfig": [pattern]})
    answer = applied(runtime, made, "See T-12 and T-13.", source="OUTPUT")
    assert answer["outputs"] == [{"text": "See {ticket} and {ticket}."}]
    found = answer["assessments"][0]["sensitiveInformationPolicy"]["regexes"]
    assert [(one["name"], one["match"]) for one in found] == [("ticket", "T-12"), ("ticket", "T-13")]


@pytest.mark.parametrize(
    ("kind", "text", "masked"),
    [
        ("EMAIL", "a@b.co and a@b.com", "{EMAIL} and {EMAIL}"),
        ("IP_ADDRESS", "10.0.0.1, then 10.0.0.12", "{IP_ADDRESS}, then {IP_ADDRESS}"),
    ],
)
def test_what_begins_alike_is_masked_to_its_end(
    runtime: Any, guardrail: Any, kind: str, text: str, masked: str
) -> None:
    assert applied(runtime, guardrail(**personal(kind)), text)["outputs"] == [{"text": masked}]


def test_what_one_entry_masks_another_still_blocks(runtime: Any, guardrail: Any) -> None:
    pattern = {"name": "evil", "pattern": r"\S+@evil\.com", "action": "BLOCK"}
    policy = personal("EMAIL")["sensitiveInformationPolicyConfig"] | {"regexesConfig": [pattern]}
    made = guardrail(sensitiveInformationPolicyConfig=policy)
    assert applied(runtime, made, "write to me@evil.com")["outputs"] == [{"text": IN}]
    assert applied(runtime, made, "write to me@good.com")["outputs"] == [{"text": "write to {EMAIL}"}]


def test_masks_that_overlap_are_one_and_none_is_looked_into(runtime: Any, guardrail: Any) -> None:
    patterns = [{"name": "capitals", "pattern": r"[A-Z]{3,}", "action": "ANONYMIZE"}]
    policy = personal("EMAIL")["sensitiveInformationPolicyConfig"] | {"regexesConfig": patterns}
    made = guardrail(sensitiveInformationPolicyConfig=policy)
    assert applied(runtime, made, "ask ANA@example.org")["outputs"] == [{"text": "ask {EMAIL}"}]


def test_each_side_has_its_own_action(runtime: Any, guardrail: Any) -> None:
    made = guardrail(**personal("EMAIL", inputAction="NONE", outputAction="BLOCK"))
    asked = applied(runtime, made, "ana@example.org")
    assert asked["action"] == "NONE"
    assert asked["assessments"][0]["sensitiveInformationPolicy"]["piiEntities"][0]["action"] == "NONE"
    assert applied(runtime, made, "ana@example.org", source="OUTPUT")["outputs"] == [{"text": OUT}]
    off = guardrail(**words("herring", inputEnabled=False))
    assert "wordPolicy" not in applied(runtime, off, "herring")["assessments"][0]


@pytest.mark.parametrize(
    ("policy", "problem"),
    [
        (
            {
                "contentPolicyConfig": {
                    "filtersConfig": [{"type": "HATE", "inputStrength": "LOW", "outputStrength": "LOW"}]
                }
            },
            "The property contentPolicyConfig is not supported here.",
        ),
        (
            {"topicPolicyConfig": {"topicsConfig": [{"name": "t", "definition": "d", "type": "DENY"}]}},
            "The property topicPolicyConfig is not supported here.",
        ),
        (
            {"contextualGroundingPolicyConfig": {"filtersConfig": [{"type": "GROUNDING", "threshold": 0.5}]}},
            "The property contextualGroundingPolicyConfig is not supported here.",
        ),
        (personal("NAME"), "The value 'NAME' of sensitiveInformationPolicyConfig.piiEntitiesConfig[0].type is not"),
        (
            {"sensitiveInformationPolicyConfig": {"regexesConfig": [{"name": "x", "pattern": "(", "action": "BLOCK"}]}},
            "The pattern of the regex x is invalid",
        ),
        ({}, "The guardrail has no policy"),
    ],
)
def test_what_cannot_be_decided_here_is_refused_when_it_is_made(guardrail: Any, policy: Json, problem: str) -> None:
    found = refusal(lambda: guardrail(**policy))
    assert found.startswith("ValidationException: ")
    assert problem in found


def test_a_version_stays_as_it_was_made(control: Any, runtime: Any, guardrail: Any) -> None:
    made = guardrail(**words("herring"))
    name = control.get_guardrail(guardrailIdentifier=made)["name"]
    assert control.create_guardrail_version(guardrailIdentifier=made)["version"] == "1"
    messages = {"blockedInputMessaging": IN, "blockedOutputsMessaging": OUT}
    control.update_guardrail(guardrailIdentifier=made, name=name, **messages, **words("salmon"))
    assert applied(runtime, made, "herring")["action"] == "NONE"
    assert applied(runtime, made, "herring", version="1")["action"] == "GUARDRAIL_INTERVENED"
    listed = control.list_guardrails(guardrailIdentifier=made)["guardrails"]
    assert [one["version"] for one in listed] == ["DRAFT", "1"]
    control.delete_guardrail(guardrailIdentifier=made, guardrailVersion="1")
    assert "ResourceNotFoundException" in refusal(lambda: applied(runtime, made, "herring", version="1"))
    control.delete_guardrail(guardrailIdentifier=made)
    assert "ResourceNotFoundException" in refusal(lambda: control.get_guardrail(guardrailIdentifier=made))


def without_token(params: Json, **_: Any) -> None:
    """Take off the token that boto3 puts into each request, as other clients send none."""
    body = json.loads(params["body"])
    body.pop("clientRequestToken")
    params["body"] = json.dumps(body).encode()


def test_a_version_is_made_once_for_a_token_and_a_token_that_is_a_number_is_not_a_version(
    emulator: Emulator, control: Any, guardrail: Any
) -> None:
    made, plain = guardrail(**words("herring")), emulator.client("bedrock")
    plain.meta.events.register("before-call.bedrock.CreateGuardrailVersion", without_token)
    tokened = {"guardrailIdentifier": made, "clientRequestToken": "2"}
    control.create_guardrail_version(**tokened, description="first")
    plain.create_guardrail_version(guardrailIdentifier=made, description="second")
    assert control.create_guardrail_version(**tokened)["version"] == "1"
    control.delete_guardrail(guardrailIdentifier=made, guardrailVersion="2")
    plain.create_guardrail_version(guardrailIdentifier=made, description="third")
    listed = control.list_guardrails(guardrailIdentifier=made)["guardrails"]
    assert [(one["version"], one.get("description")) for one in listed] == [
        ("DRAFT", None),
        ("1", "first"),
        ("3", "third"),
    ]


def test_a_name_is_given_once(control: Any, guardrail: Any) -> None:
    name = control.get_guardrail(guardrailIdentifier=guardrail(**words("x")))["name"]
    messages = {"blockedInputMessaging": IN, "blockedOutputsMessaging": OUT}
    assert "ConflictException" in refusal(lambda: control.create_guardrail(name=name, **messages, **words("x")))


def test_a_conversation_whose_question_is_blocked_asks_no_model(runtime: Any, guardrail: Any) -> None:
    made = guardrail(**words("capital"))
    answer = converse(runtime, **guarded(made, trace="enabled"))
    assert (said(answer), answer["stopReason"]) == (IN, "guardrail_intervened")
    assert answer["usage"] == {"inputTokens": 0, "outputTokens": 0, "totalTokens": 0}
    trace = answer["trace"]["guardrail"]
    assert trace["inputAssessment"][made]["wordPolicy"]["customWords"][0]["match"] == "capital"
    assert "outputAssessments" not in trace


def test_a_conversation_whose_answer_is_blocked_says_so(runtime: Any, guardrail: Any) -> None:
    made = guardrail(**words("Paris"))
    answer = converse(runtime, **guarded(made))
    assert (said(answer), answer["stopReason"]) == (OUT, "guardrail_intervened")
    assert answer["usage"]["outputTokens"] > 0
    assert "trace" not in answer


def test_what_is_masked_does_not_reach_the_model(runtime: Any, guardrail: Any) -> None:
    made = guardrail(**personal("EMAIL", outputEnabled=False))
    asked = {"inferenceConfig": {"maxTokens": 1}}
    masked = converse(runtime, "Write to ana@example.org", **asked, **guarded(made))
    plain = converse(runtime, "Write to {EMAIL}", **asked)
    assert masked["usage"] == plain["usage"]
    assert masked["stopReason"] == "guardrail_intervened"


def test_only_what_is_marked_is_looked_at_where_anything_is(runtime: Any, guardrail: Any) -> None:
    made = guardrail(**words("herring", outputEnabled=False))

    def stopped(*content: Json, **request: Any) -> str:
        messages = [{"role": "user", "content": list(content)}]
        asked = {"messages": messages, "inferenceConfig": {"maxTokens": 1}, **guarded(made), **request}
        return str(converse(runtime, **asked)["stopReason"])

    marked = {"guardContent": {"text": {"text": "a herring"}}}
    assert stopped({"text": "a herring"}) == "guardrail_intervened"
    assert stopped({"text": "a herring"}, {"guardContent": {"text": {"text": "a cod"}}}) == "max_tokens"
    assert stopped({"text": "a cod"}, marked) == "guardrail_intervened"
    assert stopped({"text": "a cod"}, system=[{"text": "a herring"}]) == "max_tokens"
    assert stopped({"text": "a cod"}, system=[marked]) == "guardrail_intervened"


def test_a_guardrail_that_was_saved_before_its_versions_were_counted_gets_the_next_one() -> None:
    def sent(path: str, **parameters: Any) -> Json:
        request = hooks.Request("bedrock", "POST", path, {}, json.dumps(parameters).encode())
        answer = service.handle(request)
        assert isinstance(answer, hooks.Response)
        parsed: Json = json.loads(answer.body)
        return parsed

    saved = store.save()
    messages = {"blockedInputMessaging": IN, "blockedOutputsMessaging": OUT}
    made = sent("/guardrails", name=unique("guardrail"), **messages, **words("herring"))
    for version in ("1", "2"):
        assert sent(f"/guardrails/{made['guardrailId']}", clientRequestToken=unique("token"))["version"] == version
    [record] = [one for one in store.all_of("guardrail") if one["guardrailArn"] == made["guardrailArn"]]
    del record["_versions_made"]
    for version in ("3", "4"):
        assert sent(f"/guardrails/{made['guardrailId']}")["version"] == version
    store.load(saved)


def test_a_stream_is_looked_at_as_a_whole(runtime: Any, guardrail: Any) -> None:
    def streamed(**request: Any) -> tuple[str, str, Json]:
        messages = [{"role": "user", "content": [{"text": QUESTION}]}]
        settings = {"temperature": 0, "maxTokens": 24}
        asked = {"modelId": TEXT, "messages": messages, "inferenceConfig": settings, **request}
        events = list(runtime.converse_stream(**asked)["stream"])
        text = "".join(one["contentBlockDelta"]["delta"]["text"] for one in events if "contentBlockDelta" in one)
        return text, events[-2]["messageStop"]["stopReason"], events[-1]["metadata"]

    text, stopped, metadata = streamed(**guarded(guardrail(**words("Paris")), trace="enabled"))
    assert (text, stopped) == (OUT, "guardrail_intervened")
    assert "Paris" in metadata["trace"]["guardrail"]["modelOutput"][0]
    assert streamed(**guarded(guardrail(**words("capital"))))[:2] == (IN, "guardrail_intervened")
    assert streamed(**guarded(guardrail(**words("Rome"))))[:2] == streamed()[:2]


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"guardrailIdentifier": "abc"}, "must be given together"),
        (
            {"guardrailIdentifier": "abc", "guardrailVersion": "1"},
            "identifier or version provided in the request does not",
        ),
        ({"trace": "enabled_full"}, "The value 'enabled_full' of guardrailConfig.trace is not supported here"),
    ],
)
def test_a_guardrail_that_is_not_there_is_refused(runtime: Any, settings: Json, problem: str) -> None:
    found = refusal(lambda: converse(runtime, guardrailConfig=settings))
    assert found.startswith("ValidationException: ")
    assert problem in found


def test_guarding_needs_the_permission_on_the_guardrail(emulator: Emulator, control: Any, guardrail: Any) -> None:
    made = guardrail(**words("herring"))
    arn = control.get_guardrail(guardrailIdentifier=made)["guardrailArn"]
    expected = f"not authorized to perform: bedrock:ApplyGuardrail on resource: {arn}"
    asking = user_client(emulator, "bedrock-runtime", allow("bedrock:InvokeModel", TEXT))
    assert expected in refusal(lambda: converse(asking, **guarded(made)))
    assert expected in refusal(lambda: applied(asking, made, "x"))
    applying = user_client(emulator, "bedrock-runtime", allow("bedrock:ApplyGuardrail", arn))
    assert applied(applying, made, "x")["action"] == "NONE"


def test_making_one_needs_the_permission_and_one_to_tag_it(emulator: Emulator) -> None:
    client = user_client(emulator, "bedrock", allow("bedrock:CreateGuardrail"))
    messages = {"blockedInputMessaging": IN, "blockedOutputsMessaging": OUT}
    made = client.create_guardrail(name=unique("guardrail"), **messages, **words("x"))
    tagged = {"tags": [{"key": "a", "value": "b"}]}
    assert "bedrock:TagResource" in refusal(
        lambda: client.create_guardrail(name=unique("guardrail"), **messages, **words("x"), **tagged)
    )
    expected = f"bedrock:DeleteGuardrail on resource: {made['guardrailArn']}"
    assert expected in refusal(lambda: client.delete_guardrail(guardrailIdentifier=made["guardrailId"]))
