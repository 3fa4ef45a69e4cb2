"""Does the tuned model still know what has nothing to do with its task? Questions with a choice of answers.

A small model answers few questions in its own words, but it finds the right one of three answers likelier than the
others. What counts is the probability of the right answer among the three: chance gives a third.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from transformers import PreTrainedModel, PreTrainedTokenizerBase

from pipelines.tuning.examples import Example, Record
from pipelines.tuning.general_items import ITEMS
from pipelines.tuning.hardware import Hardware
from pipelines.tuning.likelihoods import answer_losses


@dataclass(frozen=True)
class General:
    """Of each question the probability that the model gives the right answer, and whether that is the likeliest."""

    probabilities: list[float]
    right: list[bool]

    @property
    def accuracy(self) -> float:
        return sum(self.right) / len(self.right)


def ask(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    hardware: Hardware,
    on_progress: Callable[[int, int], None],
) -> General:
    """Put all questions to a model, which must attend by `attention.PACKED`."""
    examples = [_example(question, answer, tokenizer) for question, *answers in ITEMS for answer in answers]
    losses = answer_losses(model, examples, hardware, on_progress)
    width = len(ITEMS[0]) - 1
    probabilities = [_share_of_first(losses[start : start + width]) for start in range(0, len(losses), width)]
    right = [min(losses[at : at + width]) == losses[at] for at in range(0, len(losses), width)]
    return General(probabilities, right)


def _example(question: str, answer: str, tokenizer: PreTrainedTokenizerBase) -> Example:
    asked = [{"role": "user", "content": question}]
    text = tokenizer.apply_chat_template(asked, tokenize=False, add_generation_prompt=True)
    prompt = tokenizer.encode(str(text), add_special_tokens=False)
    tokens = [*prompt, *tokenizer.encode(answer, add_special_tokens=False)]
    record = Record("general", (*asked, {"role": "assistant", "content": answer}))
    return Example(record, tuple(tokens), len(prompt))


def _share_of_first(losses: Sequence[float]) -> float:
    least = min(losses)
    weights = [math.exp(least - loss) for loss in losses]
    return weights[0] / sum(weights)
