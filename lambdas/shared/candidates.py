"""A candidate: a model and a way of asking it."""

from __future__ import annotations

from dataclasses import dataclass

from lambdas.shared.cost import Price, parse_price
from lambdas.shared.examples import CHOICES, FIRST
from lambdas.shared.fields import Fields

EXTRACTIVE = "extractive"
FEW_SHOT = "few-shot"
ZERO_SHOT = "zero-shot"
RETRIEVAL = "retrieval"
STRATEGIES = (ZERO_SHOT, FEW_SHOT, RETRIEVAL, EXTRACTIVE)
WORDS, EMBEDDINGS = "words", "embeddings"
SEARCHES = (WORDS, EMBEDDINGS)


@dataclass(frozen=True)
class Candidate:
    """A model and a way of asking it.

    Attributes:
        index: place in the settings, from 0.
        model: key in the catalogue.
        model_id: what Converse takes; empty for the extractive baseline.
        platform: where it runs: ``bedrock``, ``bedrock-import`` or ``lambda``.
        price: what it costs; None where no source says what a customized model costs.
        examples: how many examples a few-shot prompt shows, otherwise 0.
        choose: which examples: ``first``, the same for every text, or ``similar`` to it.
        sampling: whether it takes a temperature.
        passages: how many passages are shown by retrieval, otherwise 0.
        search: how they are found: by ``words`` or ``embeddings``.
    """

    index: int
    model: str
    model_id: str
    platform: str
    strategy: str
    examples: int
    price: Price | None
    choose: str = FIRST
    sampling: bool = True
    passages: int = 0
    search: str = WORDS

    @property
    def name(self) -> str:
        """Name that is unique in a run and fit for an object key."""
        return f"{self.index}-{self.model}-{self.strategy}"


def parse_candidate(fields: Fields, index: int | None = None, *, unpriced: bool = False) -> Candidate:
    """Read a candidate; `index` replaces the field of that name, and `unpriced` lets its price be null."""
    strategy = fields.text("strategy")
    if strategy not in STRATEGIES:
        raise fields.complaint(f"The strategy {strategy!r} is not one of {', '.join(STRATEGIES)}")
    choose = fields.text("choose", default=FIRST)
    if choose not in CHOICES:
        raise fields.complaint(f"The choice {choose!r} is not one of {', '.join(CHOICES)}")
    search = fields.text("search", default=WORDS)
    if search not in SEARCHES:
        raise fields.complaint(f"The search {search!r} is not one of {', '.join(SEARCHES)}")
    return Candidate(
        index=fields.integer("index") if index is None else index,
        model=fields.text("model"),
        model_id="" if strategy == EXTRACTIVE else fields.text("model_id"),
        platform=fields.text("platform"),
        strategy=strategy,
        examples=fields.integer("examples", minimum=1, maximum=20) if strategy == FEW_SHOT else 0,
        price=None if unpriced and fields.is_null("price") else parse_price(fields.fields("price")),
        choose=choose,
        sampling=fields.flag("sampling", default=True),
        passages=fields.integer("passages", minimum=1, maximum=20) if strategy == RETRIEVAL else 0,
        search=search,
    )
