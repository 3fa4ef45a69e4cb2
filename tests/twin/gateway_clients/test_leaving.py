"""A client that goes away ends the model's work: through API Gateway, the adapter, the gateway and Bedrock."""

from __future__ import annotations

import http.client
import json
from urllib.parse import urlsplit

import openai

from tests.twin.gateway_clients.curl import JSON, chat, signed, started
from tests.twin.gateway_clients.deployed import SCRIPTED, Deployed
from tests.twin.helpers import wait_until
from tests.twin.scripted_model import ScriptedModel

PATIENCE_S = 30


def has_ended(model: ScriptedModel, written: list[str]) -> bool:
    """Whether the model learns that nobody listens before it has written more."""
    left = model.left.wait(PATIENCE_S)
    model.allow(1)  # what waits for it finds nobody to write for
    return left and model.made == written


def test_closing_openais_stream_ends_the_answer_at_the_model(deployed: Deployed) -> None:
    model = deployed.write("Mice", " and", " voles.")
    client = openai.OpenAI(base_url=f"{deployed.url}/partners/v1", api_key=deployed.key, max_retries=0)
    stream = client.chat.completions.create(
        model=SCRIPTED, messages=[{"role": "user", "content": "What do owls hunt?"}], stream=True
    )
    chunks = iter(stream)
    next(chunks), next(chunks)
    stream.close()
    assert has_ended(model, ["Mice"])


def test_so_does_a_curl_that_is_interrupted(deployed: Deployed) -> None:
    model = deployed.write("Mice", " and", " voles.")
    url = f"{deployed.url}/v1/chat/completions"
    with started("--no-buffer", url, *signed(deployed), *JSON, *chat(model=SCRIPTED, stream=True)) as running:
        assert running.stdout is not None
        assert running.stdout.readline().startswith(b"data: ")
        running.terminate()
    assert has_ended(model, ["Mice"])


def test_so_does_one_that_leaves_before_the_first_token(deployed: Deployed) -> None:
    model = deployed.write("Mice", " and", " voles.", now=0)
    address = urlsplit(f"{deployed.url}/partners/v1/chat/completions")
    connection = http.client.HTTPConnection(address.netloc)
    body = {"model": SCRIPTED, "messages": [{"role": "user", "content": "What do owls hunt?"}], "stream": True}
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {deployed.key}"}
    connection.request("POST", address.path, json.dumps(body), headers)
    wait_until(lambda: model.asked.is_set(), bool)
    connection.close()
    assert has_ended(model, [])


def test_who_stays_gets_the_rest_when_another_one_leaves(deployed: Deployed) -> None:
    stays = openai.OpenAI(base_url=f"{deployed.url}/partners/v1", api_key=deployed.keys["print-shop"], max_retries=0)
    with started(
        "--no-buffer",
        f"{deployed.url}/v1/chat/completions",
        *signed(deployed),
        *JSON,
        *chat(model="approved", stream=True),
    ) as running:
        assert running.stdout is not None
        running.stdout.readline()
        running.terminate()
    answer = stays.chat.completions.create(
        model="approved", messages=[{"role": "user", "content": "What do owls hunt?"}], max_tokens=8
    )
    assert answer.choices[0].message.content
