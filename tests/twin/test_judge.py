"""A judge and an embedding model are asked through the twin's Bedrock, as the deployed function asks them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from benchmarks.ladder.scripted import Messages, ScriptedModel, asked
from lambdas.evaluate_candidate.handler import handle
from lambdas.evaluate_candidate.judging import JudgeNotTrusted
from lambdas.evaluate_candidate.planted import PAIRS
from lambdas.shared import aws
from twin.emulator import Emulator

IMPORTED = "arn:aws:bedrock:us-east-1:000000000000:imported-model"
SMOLLM2, MINILM, KNOWING, BY_PLACE = "smollm2q41v1", "minilml6v2q1", "knowing00001", "byplace00001"
BUCKETS = {"CURATED_BUCKET": "curated", "MODELS_BUCKET": "models", "RAW_BUCKET": "raw"}
PARTS = re.compile(r"<answer_a>\n(.*?)\n</answer_a>", re.DOTALL)
INSTRUCTION = "Answer the question."
FACTS = {
    "tides": "The moon's pull raises the tides of the sea twice a day.",
    "bread": "Bakers let dough rest so that yeast fills it with gas.",
    "steel": "Iron with a little carbon in it becomes steel.",
    "owls": "Owls fly silently because their feathers have soft edges.",
    "salt": "Sea water that dries up leaves salt behind.",
}
QUESTIONS = {
    "tides": "Why does the ocean rise and fall daily?",
    "bread": "What makes a loaf rise in the oven?",
    "steel": "Which alloy is made by adding carbon to a metal?",
    "owls": "How can some birds of prey fly without a sound?",
    "salt": "What is left when brine evaporates?",
}


class Context:
    aws_request_id = "request-1"

    def get_remaining_time_in_millis(self) -> int:
        return 600_000


def knows(messages: Messages) -> str:
    (first,) = PARTS.findall(asked(messages))
    better = {pair.better for pair in PAIRS}
    return json.dumps({"reason": "It is right.", "verdict": "A" if first in better else "B"})


def by_place(messages: Messages) -> str:
    return json.dumps({"reason": "It comes first.", "verdict": "A"})


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """An emulator that is told of two scripted judges, with the buckets of a run."""
    folder: Path = tmp_path_factory.mktemp("judge")
    with ScriptedModel(knows) as knowing, ScriptedModel(by_place) as placing:
        servers = {KNOWING: knowing.url, BY_PLACE: placing.url}
        with Emulator(folder, model_servers=servers) as emulator, pytest.MonkeyPatch.context() as patch:
            client = emulator.client("s3")
            for variable, bucket in BUCKETS.items():
                client.create_bucket(Bucket=bucket)
                patch.setenv(variable, bucket)
            credentials = emulator.session().get_credentials()
            for name, value in {
                "AWS_ENDPOINT_URL": emulator.endpoint_url,
                "AWS_DEFAULT_REGION": "us-east-1",
                "AWS_ACCESS_KEY_ID": credentials.access_key,
                "AWS_SECRET_ACCESS_KEY": credentials.secret_key,
            }.items():
                patch.setenv(name, value)
            aws.forget()
            yield emulator
            aws.forget()


def run(judge: str | None = None, **more: Any) -> dict[str, Any]:
    price = {"usd_per_second": 0.001}
    named = {"model": judge, "model_id": f"{IMPORTED}/{judge}", "price": price, "agreement": 0.85} if judge else None
    return {
        "run_id": judge or "run",
        "dataset": "facts",
        "task": {"kind": "question_answering", "instruction": INSTRUCTION},
        "minimum_records": 5,
        "split": {"validation": 0.1, "test": 0.1, "stratify": "none"},
        "metric": "tokenF1",
        "floor": 0.3,
        "sample_size": 8,
        "max_output_tokens": 24,
        "candidates": [],
        "tuning_enabled": False,
        "tuning": {},
        "approval": "manual",
        "champion_model_data_url": "none",
        "judge": named,
        **more,
    }


def test_a_scripted_judge_that_knows_better_is_trusted(account: Emulator) -> None:
    result = handle({"run": run(KNOWING), "candidate": None}, Context())

    assert (result["agreement"], result["malformed"], result["first_place"]) == (1.0, 0, 0.5)


def test_a_scripted_judge_that_goes_by_place_is_not(account: Emulator) -> None:
    with pytest.raises(JudgeNotTrusted, match=r"in 0, and 21 are needed\. Orders disagreed in 24"):
        handle({"run": run(BY_PLACE), "candidate": None}, Context())


def test_a_model_of_135_million_parameters_cannot_judge_and_is_told_so(
    account: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lambdas.evaluate_candidate.judging.PAIRS", PAIRS[:4])  # a quarter of a minute, not of an hour

    with pytest.raises(JudgeNotTrusted, match=r"The judge smollm2q41v1 cannot be trusted: of 4 planted pairs"):
        handle({"run": run(SMOLLM2), "candidate": None}, Context())


def test_a_real_embedding_model_finds_the_passage_that_says_it_in_other_words(account: Emulator) -> None:
    client = account.client("s3")
    records = [
        {
            "record_id": name,
            "messages": [
                {"role": "user", "content": f"{INSTRUCTION}\n\n{question}"},
                {"role": "assistant", "content": FACTS[name]},
            ],
        }
        for name, question in QUESTIONS.items()
    ]
    lines = "\n".join(json.dumps(record) for record in records)
    client.put_object(Bucket="curated", Key="facts/run=run/validation/part-00000.jsonl", Body=lines.encode())
    for name, fact in FACTS.items():
        client.put_object(Bucket="raw", Key=f"facts-of/{name}.txt", Body=fact.encode())
    candidate = {
        "index": 0,
        "model": "smollm2-135m-instruct",
        "model_id": f"{IMPORTED}/{SMOLLM2}",
        "platform": "bedrock-import",
        "strategy": "retrieval",
        "passages": 1,
        "price": {"usd_per_second": 0.001},
    }
    embeddings = {"model": "all-minilm-l6-v2", "model_id": f"{IMPORTED}/{MINILM}", "price": {"usd_per_second": 0.001}}
    given = run(documents={"folder": "facts-of", "passage_words": 60}, embeddings=embeddings)

    found = {
        search: handle({"run": given, "candidate": {**candidate, "search": search, "index": index}}, Context())
        for index, search in enumerate(("words", "embeddings"))
    }

    retrieval: dict[str, Any] = {search: result["retrieval"] for search, result in found.items()}
    assert retrieval["embeddings"]["answer_found"] == 1.0
    assert retrieval["words"]["answer_found"] < 1.0
    assert retrieval["embeddings"]["usd_of_index"] > 0
