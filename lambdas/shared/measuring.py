"""What a run's selection has beside candidates: documents to search, a model that embeds, a judge."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from lambdas.shared.cost import Price, parse_price
from lambdas.shared.fields import Fields


@dataclass(frozen=True)
class Documents:
    """A folder of the raw bucket, and how long its passages are."""

    folder: str
    passage_words: int


@dataclass(frozen=True)
class EmbeddingModel:
    """The model that embeds texts."""

    model: str
    model_id: str
    price: Price


@dataclass(frozen=True)
class Judge:
    """The model that compares answers.

    Attributes:
        agreement: share of the planted pairs that it has to tell apart before it is trusted.
        rubric: what makes an answer better; empty for the built-in one.
        sampling: whether it takes a temperature.
    """

    model: str
    model_id: str
    price: Price
    agreement: float
    rubric: str = ""
    sampling: bool = True


def _documents(fields: Fields) -> Documents:
    """Read the documents' folder."""
    return Documents(fields.text("folder"), fields.integer("passage_words", minimum=1))


def _embedding_model(fields: Fields) -> EmbeddingModel:
    """Read the embedding model."""
    return EmbeddingModel(fields.text("model"), fields.text("model_id"), parse_price(fields.fields("price")))


def _judge(fields: Fields) -> Judge:
    """Read the judge; one that need agree with next to nothing is refused, for chance would do."""
    return Judge(
        model=fields.text("model"),
        model_id=fields.text("model_id"),
        price=parse_price(fields.fields("price")),
        agreement=fields.number("agreement", minimum=0.75, maximum=1),
        rubric=fields.text("rubric", default=" ").strip(),
        sampling=fields.flag("sampling", default=True),
    )


def beside(fields: Fields) -> dict[str, Any]:
    """Read what candidates are given and measured by, where there is any, as the keywords of a `Run`."""
    return {
        "documents": _documents(fields.fields("documents")) if "documents" in fields else None,
        "embeddings": _embedding_model(fields.fields("embeddings")) if "embeddings" in fields else None,
        "judge": _judge(fields.fields("judge")) if "judge" in fields else None,
    }
