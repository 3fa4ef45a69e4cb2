"""The gateway's own stack with vectors in OpenSearch Serverless, deployed: its function, under its role, uses them."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.twin.helpers import Json, wait_until
from twin import deployment
from twin.emulator import Emulator
from twin.run import api, session, staging
from twin.run.synthesis import synthesize

PROJECT = Path(__file__).resolve().parents[2]
STACK = "Fourfold-twin-Gateway"
OWLS = "The barn owl hunts at night. It hears a mouse under snow."
QUESTION = "Which bird catches rodents in winter?"
"""Of its words none that counts stands in the text."""


@dataclass(frozen=True)
class Gateway:
    """The deployed API, asked as a service."""

    emulator: Emulator
    outputs: dict[str, str]

    def ask(self, method: str, path: str, body: Json | None = None) -> tuple[int, Any]:
        """The status and the body of an answer."""
        found = session.deployed_api(self.emulator, self.outputs)
        content = b"" if body is None else json.dumps(body).encode()
        request = api.signed(f"{found.url}/v1/{path}", content, found.region, found.credentials, method)
        with urllib.request.urlopen(request, timeout=240) as answer:
            text = answer.read()
            return answer.status, json.loads(text) if text else None

    def found(self) -> list[str]:
        """The documents of the passages that a search gives."""
        _, answer = self.ask("POST", "search", {"query": QUESTION})
        return [passage["document_id"] for passage in answer["passages"]]


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    folder = tmp_path_factory.mktemp("gateway-search")
    document = yaml.safe_load((PROJECT / "workflow.yaml").read_text("utf-8"))
    own = document["environments"]["twin"]["gateway"]
    own["embeddings"]["vector_store"] = "opensearch-serverless"
    own["page"] = False
    workflow = folder / "workflow.yaml"
    workflow.write_text(yaml.safe_dump(document), encoding="utf-8")
    assembly = synthesize(PROJECT, workflow, session.ENVIRONMENT, folder / "cdk.out")
    with Emulator(folder / "emulator", wait_scale=0.02) as emulator:
        deployment.bootstrap(emulator)
        deployment.deploy(emulator, assembly, stacks=[STACK])
        yield Gateway(emulator, staging.stack_outputs(emulator, session.ENVIRONMENT))


def test_a_deployed_gateway_finds_a_document_by_its_meaning_and_no_more_once_it_is_removed(gateway: Gateway) -> None:
    status, added = gateway.ask("POST", "documents", {"name": "owls.txt", "media_type": "text/plain", "text": OWLS})
    assert status == 201
    wait_until(gateway.found, lambda found: found == [added["id"]])
    assert gateway.ask("DELETE", f"documents/{added['id']}") == (204, None)
    assert gateway.found() == []
    assert gateway.ask("GET", "documents") == (200, {"documents": []})
    assert not gateway.emulator.client("s3vectors").list_vector_buckets()["vectorBuckets"]
