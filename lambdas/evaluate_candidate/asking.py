"""Asking a Bedrock model in a batch: patient with throttling and cold starts, impatient with a wrong set-up.

The SDK's own retries are off, because they would count waiting as the model's latency. No wait reaches beyond the
function's deadline.
"""

from __future__ import annotations

import random
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from lambdas.evaluate_candidate.deadline import EvaluationTimedOut
from lambdas.shared import aws, log
from lambdas.shared.converse import Answer, converse
from lambdas.shared.embedding import Embedding, embed
from lambdas.shared.errors import FunctionError
from lambdas.shared.prompts import Turn
from lambdas.shared.refusals import NO_SUCH_MODEL

Given = TypeVar("Given")

READ_TIMEOUT_SECONDS = 120
ATTEMPTS = 8
LONGEST_WAIT_SECONDS = 30.0

# Codes after which the same request may succeed. An imported model that has been idle answers
# ModelNotReadyException until a copy is loaded.
PASSING = {
    "ThrottlingException",
    "TooManyRequestsException",
    "ServiceUnavailableException",
    "InternalServerException",
    "ModelNotReadyException",
    "ModelTimeoutException",
}
# The model failed over this record; it may not do so again.
MODEL_ERROR = "ModelErrorException"
# Codes that say something about one record, such as a prompt that is too long for the model.
ABOUT_THE_RECORD = {"ValidationException", MODEL_ERROR}
# What a ValidationException says of the model, whatever the record is: an id that is not one, a model that answers
# only to a profile, one that Converse or a part of the request is not made for.
ABOUT_THE_MODEL = re.compile(rf"{NO_SUCH_MODEL.pattern}|do(es)?(n.t| not) support", re.IGNORECASE)


class CandidateNotAvailable(FunctionError):
    """The model cannot be asked at all: access, id or quota."""


class RecordRefused(Exception):
    """The model cannot answer this one record; the text is the service's.

    Attributes:
        lasting: whether it would refuse it again, as far as the service's code tells.
    """

    def __init__(self, text: str, *, lasting: bool = True) -> None:
        super().__init__(text)
        self.lasting = lasting


class Caller:
    """Calls Bedrock for one model, and waits out what passes.

    Args:
        name: the model's key in the catalogue, for messages.
        model_id: what Bedrock calls it.
        seconds_left: how long it may be asked and waited for, from now on.
        sleep: waits between attempts.
    """

    def __init__(
        self,
        name: str,
        model_id: str,
        seconds_left: Callable[[], float],
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._name = name
        self._model_id = model_id
        self._seconds_left = seconds_left
        self._sleep = sleep
        self._client = aws.client("bedrock-runtime", read_timeout=READ_TIMEOUT_SECONDS, attempts=1)

    def call(self, request: Callable[[Any, str], Given]) -> Given:
        """Make a request, of the client and the model's id, until it is answered.

        Raises:
            RecordRefused: the model cannot answer this record.
            CandidateNotAvailable: it cannot be asked at all, or not within the attempts.
            EvaluationTimedOut: the next attempt would come after the deadline.
        """
        reason = ""
        for attempt in range(ATTEMPTS):
            if attempt:
                self._wait(_wait(attempt), reason)
            try:
                return request(self._client, self._model_id)
            except aws.ClientError as failure:
                reason = self._judge(failure)
            except aws.NETWORK_ERRORS as failure:
                reason = str(failure)
            log.warning("Asking the model failed and will be tried again", attempt=attempt + 1, reason=reason)
        raise CandidateNotAvailable(
            f"{self._name} gave no answer in {ATTEMPTS} attempts; the last said: {reason}",
            where=self._model_id,
            remedy="Ask for a higher quota, lower CONCURRENCY on the function, or drop the candidate.",
        )

    def _wait(self, seconds: float, reason: str) -> None:
        if seconds >= self._seconds_left():
            raise EvaluationTimedOut(
                f"The function's time ran out while {self._name} was busy; the last attempt said: {reason}",
                where=self._model_id,
                remedy="Ask for a higher quota, lower selection.sample_size, or drop the candidate.",
            )
        self._sleep(seconds)

    def _judge(self, failure: aws.ClientError) -> str:
        """Give the reason to try again, or raise."""
        code, message = aws.error_code(failure), aws.error_message(failure)
        if code in PASSING:
            return f"{code}: {message}"
        if code in ABOUT_THE_RECORD and not ABOUT_THE_MODEL.search(message):
            raise RecordRefused(f"{code}: {message}", lasting=code != MODEL_ERROR) from failure
        raise CandidateNotAvailable(
            f"{self._name} cannot be asked: {code}: {message}",
            where=self._model_id,
            remedy="Check that model access is granted in this region, that the id, or the inference profile, exists "
            "there and that the function's role may call bedrock:InvokeModel on it; or drop the candidate.",
        ) from failure


class BedrockModel(Caller):
    """A Bedrock model under one name, asked with temperature 0 where it takes one.

    Args:
        name: the model's key in the catalogue, for messages.
        model_id: what Converse takes.
        max_tokens: most tokens to write.
        seconds_left: how long it may be asked and waited for, from now on.
        sleep: waits between attempts.
        sampling: whether the model takes a temperature.
    """

    def __init__(
        self,
        name: str,
        model_id: str,
        max_tokens: int,
        seconds_left: Callable[[], float],
        sleep: Callable[[float], None] = time.sleep,
        *,
        sampling: bool = True,
    ) -> None:
        super().__init__(name, model_id, seconds_left, sleep)
        self._max_tokens = max_tokens
        self._temperature = 0.0 if sampling else None

    def answer(self, turns: Sequence[Turn]) -> Answer:
        """Ask for an answer; raises as `call` does."""
        return self.call(
            lambda client, model_id: converse(
                client, model_id, turns, max_tokens=self._max_tokens, temperature=self._temperature
            )
        )


class BedrockEmbedder(Caller):
    """A Bedrock model that embeds texts."""

    def embed(self, text: str, purpose: str) -> Embedding:
        """Embed a text, with the seconds that it took; raises as `call` does."""

        def timed(client: Any, model_id: str) -> Embedding:
            started = time.perf_counter()
            return replace(embed(client, model_id, text, purpose), seconds=time.perf_counter() - started)

        return self.call(timed)


def _wait(attempt: int) -> float:
    """Give the seconds to wait: exponential, with full jitter so that threads do not return together."""
    return random.uniform(0, min(LONGEST_WAIT_SECONDS, 2.0**attempt))  # noqa: S311
