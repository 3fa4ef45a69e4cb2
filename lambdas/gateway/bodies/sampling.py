"""How the model is to write: the fields that several bodies share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from lambdas.gateway.bodies.checking import Body
from lambdas.gateway.bodies.fields import Flag, Nested, Number, Text, Texts
from lambdas.gateway.exchange import APPROVED, Parameters
from lambdas.gateway.settings import Limits

LEAST_TEMPERATURE, MOST_TEMPERATURE = 0.0, 1.0
MOST_STOPS, LONGEST_STOP = 4, 200
LONGEST_NAME = 200
SEEDS = 2**63 - 1

MODEL = Text(
    "model", f"Name of the model; `{APPROVED}`, the workflow's own, where none is given.",
    required=False, most=LONGEST_NAME, counts=False,
)  # fmt: skip
STREAM = Flag("stream", "Whether to answer as server-sent events, as the model writes.", nullable=True)
_CACHED = Flag(
    "cache",
    "Whether a former answer to the same question will do. Where it is not given, it does for what is to be the "
    "likeliest answer, at temperature 0.",
)
_DOCUMENTS = Flag("documents", "Whether to answer from the caller's own documents, with sources.")
FOURFOLD = Nested("fourfold", "What only this API knows.", Body("Fourfold", _DOCUMENTS, _CACHED))
CACHE = Nested("fourfold", "What only this API knows.", Body("FourfoldCache", _CACHED))


def task_tokens(limits: Limits) -> int:
    """Give the deployed bound of an answer to the task."""
    return limits.max_output_tokens


def chat_tokens(limits: Limits) -> int:
    """Give the deployed bound of a chat's answer."""
    return limits.max_chat_tokens


def free_tokens(limits: Limits) -> int:
    """Give the bound of an answer to a caller's own prompt, which is the task's, or a chat's."""
    return max(limits.max_output_tokens, limits.max_chat_tokens)


def sampling(most: Callable[[Limits], int], *, nullable: bool = False) -> tuple[Number, Number, Number, Texts, Number]:
    """Give the fields of sampling; some clients send null for what they leave to the model."""
    return (
        Number(
            "max_tokens", "Most tokens of the answer; the deployed limit where it is not given.",
            least=1, most=most, whole=True, nullable=nullable,
        ),
        *_choosing(nullable=nullable),
    )  # fmt: skip


def openai_sampling() -> tuple[Number, Number, Number, Number, Texts, Number]:
    """Give the fields of sampling as OpenAI's clients send them, who know no bound of ours: it binds what is above."""
    about = "Most tokens of the answer; the deployed limit where it is not given, or is more than that."
    return (
        Number("max_tokens", about, least=1, most=chat_tokens, whole=True, nullable=True, clamped=True),
        Number(
            "max_completion_tokens", "Newer name of `max_tokens`.",
            least=1, most=chat_tokens, whole=True, nullable=True, clamped=True,
        ),
        *_choosing(nullable=True),
    )  # fmt: skip


def _choosing(*, nullable: bool) -> tuple[Number, Number, Texts, Number]:
    return (
        Number(
            "temperature", "How freely the model writes; 0 always takes the likeliest word.",
            least=LEAST_TEMPERATURE, most=MOST_TEMPERATURE, nullable=nullable,
        ),
        Number(
            "top_p", "Share of probability that words are chosen from.",
            least=0, most=1, above=True, nullable=nullable,
        ),
        Texts(
            "stop", "Texts that end the answer.",
            most=MOST_STOPS, longest=LONGEST_STOP, single=True, nullable=nullable, blank=True,
        ),
        Number("seed", "For models that take one.", least=-SEEDS - 1, most=SEEDS, whole=True, nullable=nullable),
    )  # fmt: skip


def parameters_of(values: Mapping[str, Any], most: int) -> Parameters:
    """Give what a body says of sampling; where it says nothing of tokens, `most` of them."""
    return Parameters(
        max_tokens=values.get("max_tokens") or values.get("max_completion_tokens") or most,
        temperature=values.get("temperature"),
        top_p=values.get("top_p"),
        stop=values.get("stop") or (),
        seed=values.get("seed"),
    )
