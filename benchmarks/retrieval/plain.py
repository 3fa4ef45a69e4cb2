"""Short questions as people ask them, over this project's own pages: which are refused before a model is asked.

Every other question chose the bound (`gateway.least_evidence`); the rest are what is reported.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from benchmarks.retrieval.account import BUCKET, INDEX, VECTORS, Account, Settings
from benchmarks.retrieval.quality import LEAST_EVIDENCE
from lambdas.gateway.exchange import Caller
from lambdas.gateway.retrieval.documents import owner_of
from lambdas.gateway.retrieval.embeddings import Embedder
from lambdas.gateway.retrieval.index_files import IndexFiles
from lambdas.gateway.retrieval.search import DEPTH, ranked
from lambdas.gateway.retrieval.vectors import VectorIndex

READER = Caller("service:plain", "service")
PASSAGES = 6
ANSWERED = (
    "What happens when I press Ctrl-C during a run?",
    "How does the twin enforce IAM?",
    "What is BM25's k1?",
    "Is the guardrail on by default?",
    "How do I lift the cap?",
    "How do I take back feedback?",
    "Can I use FTS5?",
    "Where are the rejected records?",
    "How long does a sleeping model get waited for?",
    "How long are raw records kept?",
    "Which models can I choose?",
    "How do I deploy to my account?",
    "What does it cost per month?",
    "How is personal data removed?",
    "Are near duplicates dropped?",
    "Which checkpoint interval is used?",
    "Can I use spot instances?",
    "Who approves a model?",
    "What is the floor?",
    "How do partners get keys?",
    "How do I delete everything?",
    "Does it need Docker?",
    "Which Python do I need?",
    "Is my data encrypted?",
    "How many documents may I add?",
    "What is a semantic cache?",
    "How is a champion compared?",
    "Can it fine-tune with DPO?",
    "How are tokens counted?",
    "What is the rate limit?",
    "Where do logs go?",
    "How do I stop an answer?",
    "Does streaming work?",
    "What happens when a model throttles?",
    "Can two people see each other's chats?",
    "How fast is training?",
    "What is the twin?",
    "How do I resume a failed run?",
    "Which file formats are read?",
    "How is the best model selected?",
)
"""The pages answer them."""
OTHERWISE = (
    "How do I bake sourdough bread?",
    "Which mountain is the highest?",
    "Who won the world cup in 1998?",
    "What is the capital of France?",
    "How tall is the Eiffel tower?",
    "How do I change a flat tyre?",
    "What does a cat eat?",
    "Who wrote Hamlet?",
    "When did the Roman empire fall?",
    "How do I knit a scarf?",
    "What is the best wine with fish?",
    "How does photosynthesis work?",
    "What causes earthquakes?",
    "How do I grow tomatoes?",
    "How long should I boil an egg?",
    "Is it going to rain tomorrow?",
    "Who is the president of Brazil?",
    "What is the speed of light?",
    "How do I learn the guitar?",
    "Where can I buy cheap shoes?",
    "How do I treat a cold?",
    "How long does a flight to Tokyo take?",
    "What is a good name for a dog?",
    "How do I play chess?",
    "How much sleep does a child need?",
)
"""The pages have nothing to do with them."""
NEARBY = (
    "How do I create a VPC peering connection?",
    "What is the maximum size of an SQS message?",
    "How do I set up Kubernetes with Terraform?",
    "Does it support Azure?",
    "How do I install PostgreSQL?",
    "How do I train an image classifier with ResNet?",
    "What is the price of an m5.large?",
    "How do I write a React component?",
    "How do I configure nginx as a reverse proxy?",
    "Which GPU does GPT-4 need?",
    "How do I use Kafka?",
    "How do I merge two pandas data frames?",
    "What is a Hadoop name node?",
    "How do I revert a git commit?",
    "Can I transcribe audio?",
)
"""They are of the trade, and the pages do not answer them."""
KINDS = {"that the pages answer": ANSWERED, "about something else": OTHERWISE, "of the trade": NEARBY}


class Refusals(NamedTuple):
    """Of the questions of one kind, in one half."""

    kind: str
    reported: bool
    asked: int
    refused: int

    def line(self) -> str:
        """Say it."""
        half = "reported" if self.reported else "chosen on"
        return f"plain questions {self.kind}, {half}: {self.refused} of {self.asked} refused"


def measure(account: Account) -> list[Refusals]:
    """Add this project's pages, and ask."""
    for page in (Path("README.md"), *sorted(Path("docs").glob("*.md"))):
        account.documents.add(READER, page.name, "text/markdown", page.read_bytes())
    evidence = {kind: _evidence(questions) for kind, questions in KINDS.items()}
    found = []
    for reported in (False, True):
        for kind, values in evidence.items():
            half = values[int(reported) :: 2]
            found.append(Refusals(kind, reported, len(half), sum(value < LEAST_EVIDENCE for value in half)))
    return found


def _evidence(questions: Sequence[str]) -> list[float]:
    """Give the best passage's evidence for each question."""
    vectors = VectorIndex(VECTORS, INDEX)
    embedder = Embedder(Settings().embedding.model_id, Settings().embedding.dimensions)
    values = []
    with IndexFiles(BUCKET).opened(owner_of(READER)) as index:
        assert index is not None
        for question in questions:
            vector = embedder.query(question)
            nearest = vectors.nearest(owner_of(READER), vector, DEPTH)
            cosines = {index.number(document_id, passage): cosine for document_id, passage, cosine in nearest}
            known = {number: cosine for number, cosine in cosines.items() if number is not None}
            values.append(max((one.evidence for one in ranked(index, question, known, PASSAGES)), default=0.0))
    return values
