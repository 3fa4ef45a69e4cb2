"""What counting tokens costs the preparation: `.venv/bin/python -m benchmarks.token_counting`.

Counts technical prose as the job does, one record at a time, as pairs of a text and a short target; then the same texts
by the tokenizer alone, one by one and in batches, on one thread. Prints megabytes of text per CPU second, the median of
some rounds, with what the tokenizer takes to load. `--model FOLDER` is a folder with another model's tokenizer.
"""

from __future__ import annotations

import argparse
import os
import resource
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median

from benchmarks.personal_data.prose import technical_prose
from pipelines.formats.records import Message
from pipelines.preparation.personal_data import redact
from pipelines.preparation.tokens.counting import ChatTokenizer
from twin.weights import base_checkpoint

CACHE = Path(__file__).resolve().parents[1] / ".fourfold" / "cache"
BATCH = 1000


def pairs(texts: list[str]) -> list[tuple[Message, ...]]:
    """Each text with an instruction and an answer."""
    return [
        (Message("user", f"Summarize in a sentence.\n\n{text}"), Message("assistant", "It says something."))
        for text in texts
    ]


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megabytes", type=float, default=10, help="technical prose to count")
    parser.add_argument("--seed", type=int, default=7, help="draws the documents")
    parser.add_argument("--rounds", type=int, default=3, help="how often each is measured")
    parser.add_argument("--model", type=Path, help="folder with tokenizer.json and tokenizer_config.json")
    options = parser.parse_args()
    show = partial(_show, rounds=options.rounds)
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    folder = options.model or base_checkpoint(CACHE)
    contents = {path.name: path.read_bytes() for path in folder.iterdir() if path.suffix in (".json", ".jinja")}
    texts = technical_prose(options.seed, options.megabytes)
    megabytes = sum(len(text.encode()) for text in texts) / 1e6
    before, begun = _memory(), time.process_time()
    tokenizer = ChatTokenizer.of(contents, str(folder))
    print(f"{time.process_time() - begun:.2f} CPU seconds and {_memory() - before:.0f} MB to load")
    records, alone = pairs(texts), tokenizer._tokenizer
    print(f"{len(texts)} texts, {megabytes:.1f} MB")
    show("a record, as the job", megabytes, lambda: [tokenizer.count(tokenizer.write(record)) for record in records])
    show("a record that surely fits", megabytes, lambda: [_fits(tokenizer, record) for record in records])
    show("replacing personal data", megabytes, lambda: [redact(text) for text in texts])
    show("the tokenizer, one by one", megabytes, lambda: [alone.encode(text) for text in texts])
    parts = [texts[start : start + BATCH] for start in range(0, len(texts), BATCH)]
    show(f"the tokenizer, {BATCH} at once", megabytes, lambda: [alone.encode_batch(part) for part in parts])


def _fits(tokenizer: ChatTokenizer, record: tuple[Message, ...]) -> bool:
    return tokenizer.surely_fits(tokenizer.write(record), 131_072)


def _show(what: str, megabytes: float, work: Callable[[], object], rounds: int) -> None:
    seconds = []
    for _ in range(rounds):
        begun = time.process_time()
        work()
        seconds.append(time.process_time() - begun)
    print(
        f"{what:<28} {median(seconds):6.2f} CPU seconds, {megabytes / median(seconds):7.2f} MB per CPU second",
        flush=True,
    )


def _memory() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000


if __name__ == "__main__":
    main()
