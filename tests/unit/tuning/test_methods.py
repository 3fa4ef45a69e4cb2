"""Each method trains its weights and no others, lowers held-out loss, and leaves what evaluation needs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM, PreTrainedTokenizerFast

from pipelines.tuning import checkpoint, losses, methods, train
from pipelines.tuning.container import TrainingFolders, TuningError
from pipelines.tuning.examples import load
from pipelines.tuning.hardware import Hardware, detect
from pipelines.tuning.settings import METHODS, parse_training
from pipelines.tuning.stopping import Stopping
from tests.unit.tuning.conftest import tiny_model

if TYPE_CHECKING:
    from tests.unit.tuning.conftest import WriteRecords

SETTINGS = replace(parse_training([]), learning_rate=5e-3, max_length=96, validation_examples=10, trained_layers=1)
CPU = Hardware(torch.device("cpu"), torch.float32, tokens_at_once=512, answers_at_once=4)


def trained_of(method: str, tied: bool) -> set[str]:
    model = tiny_model(64, tie_word_embeddings=tied)
    methods.prepare(model, replace(SETTINGS, method=method))
    return {name for name, weight in model.named_parameters() if weight.requires_grad}


def test_each_method_trains_its_weights_alone() -> None:
    everything = {name for name, _ in tiny_model(64, tie_word_embeddings=False).named_parameters()}
    assert all(name.endswith((".a", ".b")) for name in trained_of("lora", tied=True))
    assert trained_of("full", tied=False) == everything
    last = {name for name in everything if name.startswith("model.layers.1.")} | {"model.norm.weight"}
    assert trained_of("frozen", tied=True) == last
    assert trained_of("frozen", tied=False) == last | {"lm_head.weight"}


@pytest.mark.parametrize("method", METHODS)
def test_it_lowers_held_out_loss_and_evaluation_gets_the_model_that_was_trained(
    method: str,
    tmp_path: Path,
    checkpoint_folder: Path,
    write_records: WriteRecords,
    tokenizer: PreTrainedTokenizerFast,
) -> None:
    write_records(tmp_path / "train", 50)
    write_records(tmp_path / "validation", 10)
    folders = TrainingFolders(tmp_path / "train", tmp_path / "validation", checkpoint_folder, tmp_path / "artifact")
    report = train.fine_tune(replace(SETTINGS, method=method), folders)
    assert report["loss_after"] < 0.9 * report["loss_before"]
    assert (folders.artifact / "model.gguf").is_file()

    [learned] = [folders.artifact / name for name in methods.WEIGHTS if (folders.artifact / name).is_dir()]
    assert (learned / methods.WEIGHTS[learned.name]).is_file()
    model = checkpoint.load_model(checkpoint_folder, CPU, torch.float32)
    methods.apply(model, learned)
    held_out, _ = load(folders.validation, 10, tokenizer, 96, SETTINGS.seed)
    # In the number format that this machine trains in.
    loss = losses.mean_loss(model, held_out, detect(), lambda *_: None)
    assert loss == pytest.approx(report["loss_after"], rel=2e-3)

    base, tuned = AutoModelForCausalLM.from_pretrained(checkpoint_folder).state_dict(), model.state_dict()
    changed = {name for name in base if not torch.equal(base[name], tuned[name])}
    assert changed
    if method == "frozen":
        assert all(name.startswith(("model.layers.1.", "model.norm.")) for name in changed)


def test_more_layers_than_there_are_cannot_be_trained() -> None:
    with pytest.raises(TuningError, match="trained_layers is 3, and the base model has 2"):
        methods.prepare(tiny_model(64), replace(SETTINGS, method="frozen", trained_layers=3))


def test_a_checkpoint_of_another_model_is_refused(tmp_path: Path) -> None:
    tiny_model(64, hidden_size=32).save_pretrained(tmp_path / "checkpoint")
    with pytest.raises(TuningError, match="does not fit the base model"):
        methods.apply(tiny_model(64), tmp_path / "checkpoint")


@pytest.mark.parametrize(("tied", "dropped"), [(True, "model.embed_tokens.weight"), (False, "lm_head.weight")])
def test_a_checkpoint_that_lacks_a_weight_is_refused_by_its_name(tmp_path: Path, tied: bool, dropped: str) -> None:
    tuned = tiny_model(64, tie_word_embeddings=tied)
    tuned.save_pretrained(tmp_path / "checkpoint")
    methods.apply(tiny_model(64, tie_word_embeddings=tied), tmp_path / "checkpoint")
    path = tmp_path / "checkpoint" / "model.safetensors"
    save_file({name: tensor for name, tensor in load_file(path).items() if name != dropped}, path)
    with pytest.raises(TuningError, match=rf"lacks \d of the model's weights, '(lm_head|{dropped[:-7]})\.weight'"):
        methods.apply(tiny_model(64, tie_word_embeddings=tied), tmp_path / "checkpoint")


def test_a_checkpoint_without_weights_is_no_base_model(tmp_path: Path) -> None:
    (tmp_path / "checkpoint").mkdir()
    with pytest.raises(TuningError, match=r"lacks \d+ of the model's weights"):
        methods.apply(tiny_model(64), tmp_path / "checkpoint")


def test_training_stops_when_held_out_loss_no_longer_falls_and_keeps_its_best_weights() -> None:
    weight = torch.nn.Parameter(torch.zeros(1))
    stopping = Stopping([weight], patience=2)
    stopped = []
    for epoch, loss in enumerate([3.0, 2.0, 2.5, 2.0]):
        with torch.no_grad():
            weight.fill_(epoch)
        stopped.append(stopping.after_epoch(loss))
    assert stopped == [False, False, False, True]
    assert stopping.restore() == 2.0
    assert weight.item() == 1


def test_without_patience_training_goes_on_and_keeps_its_last_weights() -> None:
    weight = torch.nn.Parameter(torch.ones(1))
    stopping = Stopping([weight], patience=0)
    assert not any(stopping.after_epoch(loss) for loss in [2.0, 3.0, 4.0])
    assert stopping.restore() == 4.0
    assert weight.item() == 1
