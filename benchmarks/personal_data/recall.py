"""Recall by type over generated sentences: a value counts as found when it is replaced whole, as its type, alone."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from benchmarks.personal_data import sentences
from benchmarks.personal_data.values import Values
from pipelines.preparation.personal_data import redact

DEVELOPMENT = (
    Values(("en_US", "de_DE", "fr_FR"), "en_US", ("fr_FR", "de_CH", "fi_FI", "it_IT", "sv_SE"), seed=1),
    (sentences.ANY, sentences.ANNOUNCED, sentences.SECRET, sentences.ASSIGNED),
)
ACCEPTANCE = (
    Values(
        ("en_GB", "it_IT", "es_ES", "nl_NL", "pl_PL", "pt_BR", "sv_SE"),
        "en_CA",
        ("it_IT", "es_ES", "pl_PL", "pt_BR", "sv_SE", "nl_BE", "zh_CN"),
        seed=3,
    ),
    (sentences.OTHERS, sentences.ANNOUNCED_OTHERS, sentences.SECRET_OTHERS, sentences.ASSIGNED_OTHERS),
)


@dataclass
class Recall:
    """How many values of a kind were drawn, and the sentences in which they were not found."""

    drawn: int = 0
    missed: list[tuple[str, str]] = field(default_factory=list)

    @property
    def share(self) -> float:
        return 1 - len(self.missed) / self.drawn


def measure(values: Values, frames: tuple[tuple[str, ...], ...], count: int) -> dict[str, Recall]:
    """Put `count` values of each kind into sentences and redact those."""
    choice = random.Random(count).choice
    general, *special = frames
    kinds = dict(zip(("phone, announced", "aws_secret_key, announced", "password, assigned"), special, strict=True))
    results: dict[str, Recall] = {}
    for kind, draw in values.types().items():
        frame = partial(choice, kinds.get(kind, general))
        results[kind] = _measure(kind.partition(",")[0], draw, frame, count)
    return results


def _measure(name: str, draw: Callable[[], str], frame: Callable[[], str], count: int) -> Recall:
    recall = Recall()
    for _ in range(count):
        value, sentence = draw(), frame()
        text, counts = redact(sentence.replace("{}", value))
        recall.drawn += 1
        # A key in front of a secret key is found as well, which is right.
        expected = redact(sentence.replace("{}", f"[{name.upper()}]"))[0]
        if text != expected or counts[name] != 1:
            recall.missed.append((sentence.replace("{}", value), text))
    return recall
