"""The deployed gateway answers each kind of caller at a root of its own: users of the page, partners and services."""

from __future__ import annotations

import base64
import json
from typing import Any

import openai
import pytest

from tests.twin.end_to_end.deployed import Deployed
from tests.twin.end_to_end.web_user import Answer, WebUser, encoded, sent, signed_in
from twin.run import api, session
from twin.run.page import Page, deployed_page

MODEL = "smollm2-135m-instruct"
QUESTION: Any = [{"role": "user", "content": "Name a river."}]
CHAT = {"model": MODEL, "messages": QUESTION, "max_tokens": 12}
OWLS = "The barn owl hunts at night. It hears a mouse under snow, and its flight makes no sound."
BREAD = "Sourdough rises for a day. The oven is heated to 250 degrees before the loaf goes in."


@pytest.fixture(scope="module")
def page(deployed: Deployed) -> Page:
    found = deployed_page(deployed.emulator, deployed.outputs)
    assert found is not None
    return found


@pytest.fixture(scope="module")
def user(deployed: Deployed, page: Page) -> WebUser:
    return signed_in(deployed.emulator, page, "first@example.com")


@pytest.fixture(scope="module")
def other(deployed: Deployed, page: Page) -> WebUser:
    return signed_in(deployed.emulator, page, "second@example.com")


@pytest.fixture(scope="module")
def partner(deployed: Deployed) -> openai.OpenAI:
    keys = deployed.emulator.client("apigateway").get_api_keys(includeValues=True)["items"]
    (key,) = [key["value"] for key in keys if key["name"].endswith("reading-room")]
    base = session.deployed_api(deployed.emulator, deployed.outputs).url
    return openai.OpenAI(base_url=f"{base}/partners/v1", api_key=key, max_retries=0, timeout=240)


def as_service(deployed: Deployed, method: str, path: str, body: object = None) -> tuple[int, dict[str, Any]]:
    found = session.deployed_api(deployed.emulator, deployed.outputs)
    content = encoded(body) or b""
    return api.post(api.signed(f"{found.url}/v1/{path}", content, found.region, found.credentials, method))


# ---- who is let in ----------------------------------------------------------------------------------------


def test_the_page_is_served_with_its_policy(page: Page) -> None:
    answer = sent("GET", page.url, {})
    assert (answer.status, b"<script" in answer.content) == (200, True)
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert sent("GET", f"{page.url}app/main.js", {}).status == 200


@pytest.mark.parametrize("path", ["v1/models", "api/v1/models", "partners/v1/models"])
def test_nobody_is_let_in_without_showing_who_they_are(deployed: Deployed, path: str) -> None:
    url = session.deployed_api(deployed.emulator, deployed.outputs).url
    answer = sent("GET", f"{url}/{path}", {"Authorization": "Bearer not-a-token"})
    assert answer.status in (401, 403)
    assert answer.headers["content-type"].startswith("application/problem+json")


def test_health_and_description_are_open(deployed: Deployed) -> None:
    url = session.deployed_api(deployed.emulator, deployed.outputs).url
    assert sent("GET", f"{url}/healthz", {}).status == 200
    assert sent("GET", f"{url}/openapi.json", {}).document["openapi"].startswith("3.1")


# ---- a user of the page -----------------------------------------------------------------------------------


def test_a_user_sees_the_models_by_name(user: WebUser) -> None:
    listed = answered(user.ask("GET", "models"))["data"]
    assert MODEL in {model["id"] for model in listed}


def test_a_user_chats_and_the_words_come_one_by_one(user: WebUser) -> None:
    body = {**CHAT, "stream": True, "stream_options": {"include_usage": True}, "fourfold": {"cache": False}}
    lines = [line for line in user.events("chat/completions", body) if line.startswith(b"data: ")]
    chunks = [json.loads(line.removeprefix(b"data: ")) for line in lines[:-1]]
    assert lines[-1] == b"data: [DONE]\n"
    words = [choice["delta"].get("content") for chunk in chunks for choice in chunk["choices"]]
    assert len([word for word in words if word]) > 1
    assert [chunk["usage"]["completion_tokens"] > 0 for chunk in chunks if chunk.get("usage")] == [True]
    (told,) = [chunk["fourfold"] for chunk in chunks if chunk.get("fourfold")]
    assert (told["model"], told["guard"]) == (MODEL, "off")


def test_the_same_question_again_is_answered_from_the_cache_and_to_this_user_alone(
    user: WebUser, other: WebUser
) -> None:
    # An answer that was cut off is not kept; this one ends where it is told to.
    body = {"model": MODEL, "prompt": "Name a lake.", "max_tokens": 40, "temperature": 0, "stop": ["e"]}
    first = answered(user.ask("POST", "generate", body))
    again = answered(user.ask("POST", "generate", body))
    others = answered(other.ask("POST", "generate", body))
    assert [one["fourfold"]["cache"] for one in (first, again, others)] == ["miss", "exact", "miss"]
    assert again["output"] == first["output"]


def test_a_text_is_summarized(user: WebUser) -> None:
    answer = answered(user.ask("POST", "summarize", {"model": MODEL, "text": OWLS, "max_tokens": 16}))
    assert answer["output"]
    assert answer["usage"]["output_tokens"] > 0


def test_documents_are_found_by_who_added_them(user: WebUser, other: WebUser) -> None:
    added = [
        answered(user.ask("POST", "documents", {"name": name, "media_type": "text/plain", "text": text}), status=201)
        for name, text in (("owls.txt", OWLS), ("bread.txt", BREAD))
    ]
    found = answered(user.ask("POST", "search", {"query": "Which bird hunts at night?"}))["passages"]
    assert (found[0]["name"], found[0]["text"]) == ("owls.txt", OWLS)
    assert answered(other.ask("POST", "search", {"query": "Which bird hunts at night?"}))["passages"] == []
    assert other.ask("DELETE", f"documents/{added[0]['id']}").status == 404
    # Documents of one second have no order.
    assert {one["name"] for one in answered(user.ask("GET", "documents"))["documents"]} == {"owls.txt", "bread.txt"}
    assert user.ask("DELETE", f"documents/{added[1]['id']}").status == 204
    asked = {"query": "At how many degrees is bread baked?"}
    left = answered(user.ask("POST", "search", asked))["passages"]
    assert {passage["name"] for passage in left} <= {"owls.txt"}


def test_an_answer_out_of_documents_shows_its_sources_and_says_where_there_is_none(user: WebUser) -> None:
    answer = answered(
        user.ask("POST", "search", {"query": "When does the barn owl hunt?", "answer": True, "model": MODEL})
    )
    assert [passage["name"] for passage in answer["passages"]] == ["owls.txt"]
    assert answer["answer"]["output"]
    nothing = {"query": "What did the emperor pay for the bridge?", "answer": True, "model": MODEL}
    refused = answered(user.ask("POST", "search", nothing))["answer"]
    assert (refused["answered"], refused["citations"], refused["output"]) == (
        False,
        [],
        "The documents do not answer this.",
    )


def test_a_pdf_that_is_damaged_is_refused(user: WebUser) -> None:
    content = base64.b64encode(b"%PDF-1.7 and nothing of one").decode()
    body = {"name": "a.pdf", "media_type": "application/pdf", "content_base64": content}
    assert user.ask("POST", "documents", body).status == 422


def test_feedback_lies_where_a_later_run_reads_it(deployed: Deployed, user: WebUser, other: WebUser) -> None:
    chat = answered(user.ask("POST", "chat/completions", CHAT))
    body = {
        "request_id": chat["fourfold"]["request_id"],
        "model": MODEL,
        "messages": QUESTION,
        "answer": chat["choices"][0]["message"]["content"],
        "rating": "down",
        "better_answer": "The Elbe.",
        "consent": True,
    }
    kept = answered(user.ask("POST", "feedback", body), status=201)["id"]
    s3, bucket = deployed.emulator.client("s3"), deployed.outputs["RawBucketName"]
    keys = [item["Key"] for item in s3.list_objects_v2(Bucket=bucket, Prefix="feedback/")["Contents"]]
    assert any(b"The Elbe." in s3.get_object(Bucket=bucket, Key=key)["Body"].read() for key in keys)
    assert other.ask("DELETE", f"feedback/{kept}").status == 404
    assert user.ask("DELETE", f"feedback/{kept}").status == 204
    assert not s3.list_objects_v2(Bucket=bucket, Prefix="feedback/").get("Contents")


def test_conversations_are_kept_for_whoever_had_them(user: WebUser, other: WebUser) -> None:
    body = {"title": "Rivers", "messages": [*QUESTION, {"role": "assistant", "content": "The Elbe."}]}
    assert user.ask("PUT", "history/rivers-1", body).status in (200, 201)
    assert answered(user.ask("GET", "history/rivers-1"))["messages"] == body["messages"]
    assert other.ask("GET", "history/rivers-1").status == 404
    assert [one["title"] for one in answered(user.ask("GET", "history"))["conversations"]] == ["Rivers"]


def test_usage_is_counted_by_caller(user: WebUser, deployed: Deployed, page: Page) -> None:
    used = answered(user.ask("GET", "usage"))
    assert used["requests"] > 0
    assert used["output_tokens"] > 0
    assert answered(signed_in(deployed.emulator, page, "third@example.com").ask("GET", "usage"))["requests"] == 0


def test_a_user_sees_the_runs_of_the_workflow(user: WebUser, deployed: Deployed) -> None:
    machine = answered(user.ask("GET", "workflow"))["state_machine"]
    assert deployed.outputs["StateMachineArn"].endswith(f":{machine}")


# ---- partners and services --------------------------------------------------------------------------------


def test_openai_s_client_works_with_a_partner_s_key(partner: openai.OpenAI) -> None:
    assert MODEL in [model.id for model in partner.models.list()]
    answer = partner.chat.completions.create(model=MODEL, messages=QUESTION, max_tokens=8)
    assert answer.choices[0].message.content
    chunks = list(partner.chat.completions.create(model=MODEL, messages=QUESTION, max_tokens=8, stream=True))
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    vector = partner.embeddings.create(model="all-minilm-l6-v2", input="owls").data[0].embedding
    assert len(vector) == 384


def test_openai_s_client_is_told_that_a_key_is_unknown(partner: openai.OpenAI) -> None:
    with pytest.raises((openai.AuthenticationError, openai.PermissionDeniedError)):
        partner.with_options(api_key="unknown-key-unknown-key").models.list()


def test_a_service_signs_its_requests(deployed: Deployed) -> None:
    status, answer = as_service(
        deployed, "POST", "generate", {"model": MODEL, "prompt": "Name a sea.", "max_tokens": 8}
    )
    assert (status, answer["model"]) == (200, MODEL)


def answered(answer: Answer, status: int = 200) -> Any:
    assert answer.status == status, answer.content
    return answer.document
