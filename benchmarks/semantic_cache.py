"""How often the semantic cache is wrong: `.venv/bin/python -m benchmarks.semantic_cache`.

Questions are made of one-line summaries of AWS's operations ("Which operation creates a bucket?"). The cache holds
two hundred of them, of few services, so that many are about the same things. It is then asked in other words, made by
rules: half of the time for what it holds, half of the time for what it does not. A hit is false where the answer is
that of another operation. Printed by least similarity: hits among questions that the cache could answer, and the
share of all questions that got another one's answer, with and without the comparison by the letter. Vectors are those
of MiniLM in half precision, as the local run's embedding model gives them.
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lambdas.gateway.cache.semantic import MOST_COMPARED, agree
from twin.model_server import ModelServer
from twin.sample_data import write_sample
from twin.weights.embedding import embedding_gguf

LEAST = (0.80, 0.85, 0.90, 0.92, 0.95, 0.97, 0.99)
HELD = "Which operation {}?"
ASKED: tuple[Callable[[str], str], ...] = (
    "What is the operation that {}".format,
    "which operation {}, please".format,
    lambda does: f"I look for an operation that {does}. Which one is it?",
    lambda does: HELD.format(" ".join(word for word in does.split() if word not in {"a", "an", "the", "your"})),
    lambda does: HELD.format(does.replace("specified ", "given ").replace("information about", "details of")),
)
Vectors = NDArray[np.float64]


@dataclass(frozen=True)
class Group:
    """What the cache holds, and what it is asked: questions, and the place of each one's answer, or None."""

    held: Sequence[str]
    asked: Sequence[str]
    right: Sequence[int | None]


def groups(count: int, seed: int) -> list[Group]:
    """Make so many groups of questions."""
    chance = random.Random(seed)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "sample.jsonl"
        write_sample(file, limit=count * MOST_COMPARED * 4, seed=seed)
        lines = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    # Operations that say the same of themselves have the same answer.
    does = list(dict.fromkeys(_does(line["summary"]) for line in lines))
    found = []
    for start in range(0, len(does) - 2 * MOST_COMPARED + 1, 2 * MOST_COMPARED):
        some = does[start : start + 2 * MOST_COMPARED]
        chance.shuffle(some)
        held = some[:MOST_COMPARED]
        asked = [chance.choice(ASKED)(one) for one in some]
        right = [place if place < MOST_COMPARED else None for place in range(len(some))]
        found.append(Group([HELD.format(one) for one in held], asked, right))
    return found[:count]


def _does(summary: str) -> str:
    text = summary.rstrip(".!? ")
    return text[:1].lower() + text[1:]


def embedded(server: ModelServer, texts: Sequence[str]) -> Vectors:
    """Embed texts to vectors of length 1, rounded to the half precision that the cache keeps."""
    vectors = []
    for start in range(0, len(texts), 64):
        body = json.dumps({"input": list(texts[start : start + 64])}).encode()
        vectors += [item["embedding"] for item in server.request("POST", "/v1/embeddings", body).json()["data"]]
    array = np.asarray(vectors)
    kept: Vectors = (array / np.linalg.norm(array, axis=1, keepdims=True)).astype(np.float16).astype(np.float64)
    return kept


def hits(group: Group, held: Vectors, asked: Vectors, least: float, *, by_letter: bool) -> tuple[int, int]:
    """Count right and wrong hits of a group: the likest of those that are like enough, and agree."""
    right = wrong = 0
    for question, vector, answer in zip(group.asked, held_likeness(held, asked), group.right, strict=True):
        likely = [int(place) for place in np.argsort(-vector, kind="stable") if vector[place] >= least]
        found = next((place for place in likely if not by_letter or agree(question, group.held[place])), None)
        right += found is not None and found == answer
        wrong += found is not None and found != answer
    return right, wrong


def held_likeness(held: Vectors, asked: Vectors) -> Vectors:
    """Cosines: a row by question."""
    product: Vectors = asked @ held.T
    return product


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--groups", type=int, default=10, help="of 200 held and 400 asked questions")
    parser.add_argument("--seed", type=int, default=13)
    options = parser.parse_args()
    made = groups(options.groups, options.seed)
    asked = sum(len(group.asked) for group in made)
    answerable = sum(answer is not None for group in made for answer in group.right)
    with tempfile.TemporaryDirectory() as folder:
        gguf = embedding_gguf(Path(folder))
        flags = ["--model", str(gguf), "--embeddings", "--ctx-size", "4096", "--parallel", "1"]
        with ModelServer(flags, Path(folder) / "server.log") as server:
            vectors = [(embedded(server, group.held), embedded(server, group.asked)) for group in made]
    print(f"{asked} questions, {answerable} of which could be answered out of the cache")
    print(f"{'least similarity':>16}  {'hits':>6}  {'false':>7}  {'hits, by vector alone':>22}  {'false':>7}")
    for least in LEAST:
        cells = []
        for by_letter in (True, False):
            counts = [hits(g, *v, least, by_letter=by_letter) for g, v in zip(made, vectors, strict=True)]
            right, wrong = (sum(column) for column in zip(*counts, strict=True))
            cells += [f"{right / answerable:.1%}", f"{wrong / asked:.2%}"]
        print(f"{least:>16.2f}  {cells[0]:>6}  {cells[1]:>7}  {cells[2]:>22}  {cells[3]:>7}", flush=True)


if __name__ == "__main__":
    main()
