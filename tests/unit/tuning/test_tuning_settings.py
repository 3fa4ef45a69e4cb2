"""The jobs' arguments are typed and bounded; a wrong one is named."""

from __future__ import annotations

import pytest

from pipelines.tuning.container import TuningError
from pipelines.tuning.settings import parse_evaluation, parse_training


def test_numbers_are_read_as_the_pipeline_writes_them() -> None:
    settings = parse_training(["--learning_rate", "5.0E-4", "--epochs", "2", "--lora_dropout", "0.0"])
    assert (settings.learning_rate, settings.epochs, settings.lora_dropout) == (5e-4, 2, 0.0)
    assert isinstance(settings.epochs, int)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--epochs", "0"], "epochs: 0 is not between 1 and 100"),
        (["--epochs", "1.5"], "epochs: 1.5 is not a whole number"),
        (["--epochs", "nan"], "epochs"),
        (["--learning_rate", "fast"], "learning_rate: invalid"),
        (["--learning_rate", "-1"], "learning_rate: -1 is not between"),
        (["--warmth", "3"], "unrecognized arguments: --warmth 3"),
    ],
)
def test_a_wrong_hyperparameter_is_named(arguments: list[str], message: str) -> None:
    with pytest.raises(TuningError, match=message):
        parse_training(arguments)


def test_four_held_out_examples_are_too_few_for_an_interval() -> None:
    with pytest.raises(TuningError, match="test_examples: 4 is not between 5"):
        parse_evaluation(["--test_examples", "4"])
    with pytest.raises(TuningError, match="validation_examples: 4 is not between 5"):
        parse_training(["--validation_examples", "4"])
