"""Requests to Bedrock's models get the faults that a file asks for, one after another."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import EventStreamError

from tests.twin.conversations import QUESTION, TEXT, converse, invoke, refusal
from twin.emulator import Emulator

ONE: Any = {"inferenceConfig": {"maxTokens": 1}}


@pytest.fixture
def bedrock(emulator: Emulator) -> Any:
    """A client that tries nothing again."""
    once = Config(retries={"total_max_attempts": 1})
    return emulator.session().client("bedrock-runtime", endpoint_url=emulator.endpoint_url, config=once)


@pytest.fixture
def faults(emulator: Emulator) -> Path:
    folder = emulator.work_dir / "bedrock" / "faults"
    folder.mkdir(parents=True, exist_ok=True)
    return folder / TEXT.rpartition("/")[2]


def streamed(bedrock: Any) -> Any:
    messages = [{"role": "user", "content": [{"text": QUESTION}]}]
    return bedrock.converse_stream(modelId=TEXT, messages=messages, inferenceConfig={"temperature": 0})["stream"]


def test_each_request_takes_the_next_line(bedrock: Any, faults: Path) -> None:
    faults.write_text("ThrottlingException\nok\nModelErrorException: It fell over.\n")
    assert refusal(lambda: converse(bedrock, **ONE)) == f"ThrottlingException: Asked for by {faults}."
    converse(bedrock, **ONE)
    assert refusal(lambda: invoke(bedrock, TEXT, prompt="x")) == "ModelErrorException: It fell over."
    assert not faults.exists()
    converse(bedrock, **ONE)


def test_an_error_has_its_status(bedrock: Any, faults: Path) -> None:
    faults.write_text("ThrottlingException")
    with pytest.raises(bedrock.exceptions.ThrottlingException) as error:
        converse(bedrock, **ONE)
    assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] == 429


def test_a_client_that_tries_again_gets_its_answer(emulator: Emulator, faults: Path) -> None:
    faults.write_text("ThrottlingException\nServiceUnavailableException\n")
    answer = converse(emulator.client("bedrock-runtime"), **ONE)
    assert answer["ResponseMetadata"]["RetryAttempts"] == 2


def test_a_stream_breaks_after_so_many_events(bedrock: Any, faults: Path) -> None:
    faults.write_text("ModelStreamErrorException after 2: It broke.")
    events = iter(streamed(bedrock))
    assert [next(iter(event)) for event in (next(events), next(events))] == ["messageStart", "contentBlockDelta"]
    with pytest.raises(EventStreamError, match=r"modelStreamErrorException.*It broke\."):
        next(events)
    assert [next(iter(event)) for event in streamed(bedrock)][-1] == "metadata"


def test_a_stream_may_break_by_any_error_that_it_can_have(bedrock: Any, faults: Path) -> None:
    faults.write_text("ThrottlingException after 0")
    with pytest.raises(EventStreamError, match="throttlingException"):
        next(iter(streamed(bedrock)))


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("Throttled", "the operation Converse can have AccessDeniedException, Internal"),
        ("ThrottlingException after 3", "the stream Converse can have nothing: it is none"),
        ("ThrottlingException 3", "is neither 'ok' nor '<error>[ after <events>][: <message>]'"),
    ],
)
def test_a_line_that_asks_for_what_cannot_be_fails_the_request(
    bedrock: Any, faults: Path, line: str, problem: str
) -> None:
    faults.write_text(line)
    found = refusal(lambda: converse(bedrock, **ONE))
    assert found.startswith(f"InternalServerException: {faults} cannot be followed: the line {line!r}")
    assert problem in found
