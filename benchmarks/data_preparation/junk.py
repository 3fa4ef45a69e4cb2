"""What every corpus has and no tool may keep: too short, mostly symbols, broken JSON, bytes that are no UTF-8."""

import json
import random
from collections.abc import Iterator

from benchmarks.data_preparation.documents import Document

_SYMBOLS = "=-+*/|\\<>[]{}()#~^_.:;!?$%&@─│┌┐└┘├┤"


def junk_texts(count: int, base: list[Document], draw: random.Random) -> Iterator[Document]:
    """Yield well-formed records that fall to a filter: `count` too short and as many of symbols."""
    for number in range(count):
        words = draw.choice(base).text.split()[:2]
        yield Document(" ".join([*words, f"n{number}"]), draw.choice(base).target)
        symbols = ["".join(draw.choices(_SYMBOLS, k=draw.randint(3, 12))) for _ in range(80)]
        words = draw.choice(base).text.split()[:10]
        yield Document(" ".join([*words, *symbols]), draw.choice(base).target)


def broken_lines(count: int, base: list[Document], draw: random.Random) -> Iterator[bytes]:
    """Yield lines that cannot be read: `count` cut off in the middle, and behind them as many with a byte amiss."""
    for _ in range(count):
        line = json.dumps({"id": "broken", "text": draw.choice(base).text, "target": "x"}, ensure_ascii=False)
        yield line[: len(line) // 2].encode() + b"\n"
    for _ in range(count):
        line = json.dumps({"id": "broken", "text": draw.choice(base).text, "target": "x"}, ensure_ascii=False)
        yield line.encode().replace(b" ", b"\xff", 1) + b"\n"
