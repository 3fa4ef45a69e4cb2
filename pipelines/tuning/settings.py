"""The arguments of both jobs, typed and bounded. The training toolkit hands hyperparameters over as arguments."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NoReturn

from pipelines.tuning.container import TuningError
from pipelines.tuning.metrics import NAMES
from pipelines.tuning.schedule import SCHEDULES

METHODS = ("lora", "full", "frozen")
SHARDING = ("auto", "always", "never")
KEEP_CHECKPOINTS, NO_CHECKPOINTS = CHECKPOINTS = ("keep", "none")
SUPERVISED, CONTINUED_PRETRAINING, DPO = OBJECTIVES = ("supervised", "continued-pretraining", "dpo")
# `quantizations.py` says what they are; it needs a library that evaluation does without.
QUANTIZATIONS = ("q8_0", "q4_1", "q4_0")
# As for the candidates: on fewer held-out examples a confidence interval says nothing.
MINIMUM_EXAMPLES = 5


@dataclass(frozen=True)
class TrainingSettings:
    """`batch_size` counts examples to one optimizer step, `max_length` tokens of prompt and completion.

    `trained_layers` is for method `frozen`. `warm_up` is a share of the steps. Training ends when held-out loss has
    not fallen for `patience` epochs; 0 lets it go on. `metric` is what the model will be evaluated by. Checkpoints are
    no more than `max_lost_minutes` apart; `checkpoints` says that none are kept where nobody would read them. The model
    is exported in `quantization`; the loss of what was exported may be `quantization_tolerance` nats off.
    `objective` is one of `OBJECTIVES`; `beta` and `label_smoothing` are for objective `dpo`.
    `sharding` says whether several processes share one copy of the weights, see `sharding.wanted`. `base_model_id` is
    the base model's name on the Hugging Face Hub, which an adapter names as its base.
    """

    method: str
    trained_layers: int
    epochs: int
    patience: int
    learning_rate: float
    warm_up: float
    schedule: str
    weight_decay: float
    lora_rank: int
    lora_alpha: int
    lora_dropout: float
    batch_size: int
    max_length: int
    max_examples: int
    validation_examples: int
    seed: int
    metric: str = "rougeL"
    quantization: str = "q8_0"
    quantization_tolerance: float = 0.05
    max_lost_minutes: float = 10.0
    checkpoints: str = KEEP_CHECKPOINTS
    sharding: str = "auto"
    objective: str = SUPERVISED
    beta: float = 0.1
    label_smoothing: float = 0.0
    base_model_id: str = ""


@dataclass(frozen=True)
class Limits:
    """What a tuned model must keep to be registered.

    Attributes:
        floor: what the metric's lower bound must reach.
        loss_reduction: share by which held-out loss must surely have fallen.
        slice_tolerance: by how much the metric may fall below the base model's in a slice of the test examples.
        general_tolerance: the same of the probability of the right answers to general questions.
    """

    floor: float
    loss_reduction: float
    slice_tolerance: float
    general_tolerance: float


@dataclass(frozen=True)
class EvaluationSettings:
    """`test_examples` bounds how many examples are drawn; `max_length` and the objective's are those of training.

    After `max_output_tokens` an answer is cut off, as the endpoint does. `metric` is one of `metrics.NAMES`. A test
    record is leaked where one of train has this Jaccard similarity of shingles of so many words, or more.
    """

    test_examples: int
    max_output_tokens: int
    max_length: int
    seed: int
    limits: Limits
    leak_similarity: float
    shingle_words: int
    metric: str = "rougeL"
    objective: str = SUPERVISED
    beta: float = 0.1
    label_smoothing: float = 0.0


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise TuningError(f"{message}. Correct the parameter with which the pipeline was started.")


def _whole(low: int, high: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        return int(_bounded(float(text), low, high, whole=True))

    return parse


def _fraction(low: float, high: float) -> Callable[[str], float]:
    def parse(text: str) -> float:
        return _bounded(float(text), low, high)

    return parse


def _limit(text: str) -> float:
    value = float(text)
    if not 0 < value < 1:
        raise argparse.ArgumentTypeError(f"{value:g} leaves the gate open; give a number above 0 and below 1")
    return value


def _bounded(value: float, low: float, high: float, whole: bool = False) -> float:
    if whole and value != int(value):
        raise argparse.ArgumentTypeError(f"{value:g} is not a whole number")
    if not low <= value <= high:
        raise argparse.ArgumentTypeError(f"{value:g} is not between {low:g} and {high:g}")
    return value


def _add_objective(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--objective", choices=OBJECTIVES, default=SUPERVISED)
    parser.add_argument("--beta", type=_fraction(0.001, 10.0), default=0.1)
    parser.add_argument("--label_smoothing", type=_fraction(0.0, 0.49), default=0.0)


def parse_training(arguments: Sequence[str] | None = None) -> TrainingSettings:
    """Read the hyperparameters from the command line.

    Raises:
        TuningError: an argument is unknown, no number, or out of bounds; the message names it.
    """
    parser = _Parser(description="Fine-tune a causal language model.")
    parser.add_argument("--method", choices=METHODS, default="lora")
    parser.add_argument("--trained_layers", type=_whole(1, 1000), default=4)
    parser.add_argument("--epochs", type=_whole(1, 100), default=1)
    parser.add_argument("--patience", type=_whole(0, 100), default=0)
    parser.add_argument("--learning_rate", type=_fraction(1e-7, 1.0), default=5e-4)
    parser.add_argument("--warm_up", type=_fraction(0.0, 0.9), default=0.1)
    parser.add_argument("--schedule", choices=SCHEDULES, default="cosine")
    parser.add_argument("--weight_decay", type=_fraction(0.0, 1.0), default=0.0)
    parser.add_argument("--lora_rank", type=_whole(1, 512), default=16)
    parser.add_argument("--lora_alpha", type=_whole(1, 1024), default=32)
    parser.add_argument("--lora_dropout", type=_fraction(0.0, 0.9), default=0.05)
    parser.add_argument("--batch_size", type=_whole(1, 1024), default=8)
    parser.add_argument("--max_length", type=_whole(32, 131_072), default=256)
    parser.add_argument("--max_examples", type=_whole(1, 10_000_000), default=2000)
    parser.add_argument("--validation_examples", type=_whole(MINIMUM_EXAMPLES, 10_000), default=64)
    parser.add_argument("--seed", type=_whole(0, 2**32 - 1), default=13)
    parser.add_argument("--metric", choices=NAMES, default="rougeL")
    _add_objective(parser)
    parser.add_argument("--quantization", choices=QUANTIZATIONS, default="q8_0")
    parser.add_argument("--quantization_tolerance", type=_fraction(0.0, 10.0), default=0.05)
    parser.add_argument("--max_lost_minutes", type=_fraction(0.0, 1440.0), default=10.0)
    parser.add_argument("--checkpoints", choices=CHECKPOINTS, default=KEEP_CHECKPOINTS)
    parser.add_argument("--sharding", choices=SHARDING, default="auto")
    parser.add_argument("--base_model_id", default="")
    return TrainingSettings(**vars(parser.parse_args(arguments)))


def parse_evaluation(arguments: Sequence[str] | None = None) -> EvaluationSettings:
    """Read the evaluation's arguments from the command line.

    Raises:
        TuningError: an argument is unknown, no number, or out of bounds; the message names it.
    """
    parser = _Parser(description="Evaluate a tuned model beside its base model.")
    parser.add_argument("--test_examples", type=_whole(MINIMUM_EXAMPLES, 1_000_000), default=200)
    parser.add_argument("--max_output_tokens", type=_whole(1, 8192), default=128)
    parser.add_argument("--max_length", type=_whole(32, 131_072), default=256)
    parser.add_argument("--seed", type=_whole(0, 2**32 - 1), default=13)
    parser.add_argument("--metric", choices=NAMES, default="rougeL")
    # A limit without a default: whoever forgets one must not pass everything.
    parser.add_argument("--minimum_metric", type=_limit, required=True)
    parser.add_argument("--minimum_loss_reduction", type=_limit, required=True)
    parser.add_argument("--slice_tolerance", type=_limit, default=0.05)
    parser.add_argument("--general_tolerance", type=_limit, default=0.1)
    parser.add_argument("--leak_similarity", type=_fraction(0.5, 1.0), default=0.8)
    parser.add_argument("--shingle_words", type=_whole(1, 20), default=5)
    _add_objective(parser)
    given = vars(parser.parse_args(arguments))
    limits = Limits(
        given.pop("minimum_metric"),
        given.pop("minimum_loss_reduction"),
        given.pop("slice_tolerance"),
        given.pop("general_tolerance"),
    )
    return EvaluationSettings(limits=limits, **given)
