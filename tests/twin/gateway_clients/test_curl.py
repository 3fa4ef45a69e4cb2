"""curl against both roots: signed by itself for services, with a key for partners, and streaming."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.twin.gateway_clients.curl import JSON, chat, signed, started
from tests.twin.gateway_clients.deployed import PRICED, SCRIPTED, Deployed


def curl(*arguments: str) -> tuple[int, Any]:
    """Status and JSON body of an answer."""
    written, errors = started(*arguments, "--write-out", "\n%{http_code}").communicate(timeout=120)
    body, _, status = written.decode().rpartition("\n")
    assert status != "000", errors.decode()
    return int(status), json.loads(body)


def test_it_signs_a_request_by_itself(deployed: Deployed) -> None:
    status, answer = curl(
        f"{deployed.url}/v1/generate", *signed(deployed), *JSON, "--data", '{"prompt": "Owls hunt", "max_tokens": 8}'
    )
    assert (status, answer["fourfold"]["label"]) == (200, "smollm2q41v1")
    assert answer["output"]


def test_it_signs_a_request_without_a_body(deployed: Deployed) -> None:
    status, answer = curl(f"{deployed.url}/v1/models", *signed(deployed))
    models = [(model["id"], model["fourfold"]["kind"]) for model in answer["data"]]
    assert (status, [name for name, kind in models if kind != "embedding"]) == (200, ["approved", SCRIPTED, PRICED])


@pytest.mark.parametrize("header", ["Authorization: Bearer", "x-api-key:"])
def test_a_partners_key_is_found_in_either_header(deployed: Deployed, header: str) -> None:
    status, answer = curl(
        f"{deployed.url}/partners/v1/chat/completions",
        *("--header", f"{header} {deployed.key}"),
        *JSON,
        *chat(max_tokens=8),
    )
    assert status == 200
    assert answer["choices"][0]["message"]["content"]


@pytest.mark.parametrize("root", ["/v1", "/api/v1", "/partners/v1"])
def test_it_prints_each_event_before_the_model_has_written_the_next(deployed: Deployed, root: str) -> None:
    who = signed(deployed)
    if root != "/v1":
        token = deployed.key if root == "/partners/v1" else deployed.sign_in().tokens()["access_token"]
        who = ["--header", f"Authorization: Bearer {token}"]
    model = deployed.write("Mice", " and", " voles.")
    with started(
        "--no-buffer", f"{deployed.url}{root}/chat/completions", *who, *JSON, *chat(model=SCRIPTED, stream=True)
    ) as running:
        assert running.stdout is not None
        told: list[str] = []
        for line in running.stdout:
            content = b'"content": "' in line and json.loads(line[len(b"data: ") :])["choices"][0]["delta"]["content"]
            if content:
                told.append(content)
                assert model.made == told
                model.allow(1)
    assert (told, line if told else b"") == (model.tokens, b"\n")
    assert running.returncode == 0
