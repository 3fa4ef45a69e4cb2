"""The formats beside chat: the same records, judged as the service would, and nothing left out in silence."""

import io
import json
from collections.abc import Callable
from typing import Any

import pyarrow.parquet as pq
import pytest

from pipelines.preparation.manifest import build_manifest, check_balance, source_of_run
from pipelines.preparation.parts import Destination, Written
from pipelines.preparation.settings import Settings

Prepare = Callable[..., tuple[Written, Destination]]

OUTPUTS = ["chat", "bedrock-conversation", "bedrock-prompt-completion", "bedrock-pre-training", "parquet"]
PAIRS = [(f"operation number {n} does something to a resource", f"it does thing {n}") for n in range(30)]


@pytest.fixture
def document(settings_document: dict[str, Any]) -> dict[str, Any]:
    settings_document["data"]["outputs"] = OUTPUTS
    return settings_document


def prepared(
    prepare: Prepare, document: dict[str, Any], records: list[dict[str, Any]]
) -> tuple[dict[str, Any], Destination]:
    settings = Settings.from_json(json.dumps(document))
    content = b"".join(json.dumps(record).encode() + b"\n" for record in records)
    written, destination = prepare({"a.jsonl": content}, settings=settings, partitions=3)
    check_balance(written, counted_lines=len(records))
    return build_manifest("1", "d", written, source_of_run([], [], document, settings.schema)), destination


def lines(destination: Destination, folder: str) -> list[dict[str, Any]]:
    return [
        json.loads(line)
        for stored in destination.curated.objects(f"data/run=1/{folder}/")
        for line in destination.curated.read(stored.key).splitlines()
    ]


def test_every_format_has_the_same_records_on_the_same_sides(prepare: Prepare, document: dict[str, Any]) -> None:
    records = [{"documentation": text, "summary": target} for text, target in PAIRS]
    manifest, destination = prepared(prepare, document, records)
    for split in ("train", "validation", "test"):
        chat = {(row["messages"][0]["content"], row["messages"][1]["content"]) for row in lines(destination, split)}
        assert len(chat) == manifest["splits"][split]
        pairs = lines(destination, f"bedrock-prompt-completion/{split}")
        assert {(row["prompt"], row["completion"]) for row in pairs} == chat
        conversations = lines(destination, f"bedrock-conversation/{split}")
        assert {tuple(turn["content"][0]["text"] for turn in row["messages"]) for row in conversations} == chat
        texts = {row["input"] for row in lines(destination, f"bedrock-pre-training/{split}")}
        assert {f"Summarize.\n\n{text}" for text in texts} == {question for question, _ in chat}
        table = [
            row
            for stored in destination.curated.objects(f"data/run=1/parquet/{split}/")
            for row in pq.read_table(io.BytesIO(destination.curated.read(stored.key))).to_pylist()
        ]
        assert {tuple(turn["content"] for turn in row["messages"]) for row in table} == chat


def test_the_manifest_has_the_verdict_on_each_format_and_every_file(prepare: Prepare, document: dict[str, Any]) -> None:
    records = [{"documentation": text, "summary": target} for text, target in PAIRS]
    manifest, destination = prepared(prepare, document, records)
    assert set(manifest["outputs"]) == set(OUTPUTS) - {"chat", "parquet"}
    for verdict in manifest["outputs"].values():
        assert verdict["accepted"] is True
        assert verdict["training"]["records"] == manifest["splits"]["train"]
        assert verdict["left_out"] == {}
    written = {part["key"]: part["records"] for part in (*manifest["files"], *manifest["output_files"])}
    assert written.keys() == {stored.key for stored in destination.curated.objects("")}
    assert sum(written.values()) == len(OUTPUTS) * len(PAIRS)


def test_who_does_not_fit_a_format_is_left_out_of_it_and_counted(prepare: Prepare, document: dict[str, Any]) -> None:
    document["data"]["columns"] = {"messages": "messages"}
    two = [{"role": "user", "content": PAIRS[0][0]}, {"role": "assistant", "content": PAIRS[0][1]}]
    four = [
        *two,
        {"role": "user", "content": "and then what does it do?"},
        {"role": "assistant", "content": "It ends."},
    ]
    manifest, _ = prepared(prepare, document, [{"messages": two}, {"messages": four}])
    assert manifest["kept"] == 2
    (reason,) = manifest["outputs"]["bedrock-prompt-completion"]["left_out"].items()
    assert "one question of the user and one answer of the assistant" in reason[0]
    assert reason[1] == 1
    assert manifest["outputs"]["bedrock-conversation"]["left_out"] == {}


def test_what_is_only_tagged_stays_and_says_so(prepare: Prepare, document: dict[str, Any]) -> None:
    document["data"]["personal_data"] = "tag"
    text = "the operation writes to jane@example.com and waits for her answer"
    manifest, destination = prepared(prepare, document, [{"documentation": text, "summary": "it waits"}])
    assert (manifest["redacted"], manifest["tagged"]) == ({}, {"email": 1})
    (row,) = [row for split in ("train", "validation", "test") for row in lines(destination, split)]
    assert row["tags"] == {"email": 1}
    assert "jane@example.com" in row["messages"][0]["content"]
