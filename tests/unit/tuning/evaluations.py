"""What an evaluation is given: archives of models in the folders of its container."""

from __future__ import annotations

import json
import tarfile
from pathlib import Path

import pytest
import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM

from pipelines.tuning import archive as archive_of
from pipelines.tuning.container import EvaluationFolders
from tests.unit.tuning.conftest import WriteRecords, record, write_lines


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory, checkpoint_folder: Path) -> Path:
    """Give a folder with a model.tar.gz, whose adapter is far from doing nothing."""
    torch.manual_seed(3)
    base = AutoModelForCausalLM.from_pretrained(checkpoint_folder)
    adapted = get_peft_model(base, LoraConfig(r=4, target_modules="all-linear", init_lora_weights=False))
    folder = tmp_path_factory.mktemp("model")
    adapted.save_pretrained(str(folder / "adapter"))
    with tarfile.open(folder / "model.tar.gz", "w:gz") as tar:
        tar.add(folder / "adapter", "adapter")
        tar.add(checkpoint_folder / "config.json", "training.json")
    return folder


def pack_adapter(source: Path, target: Path, pack_again: bool = False) -> Path:
    """Take an adapter out of `source`'s archive, and give its weights; `pack_again` puts `target`'s back into one."""
    if not pack_again:
        target.mkdir()
        archive_of.unpack_learned(source, target)
    with tarfile.open(target / "model.tar.gz", "w:gz") as tar:
        tar.add(target / "adapter", "adapter")
    return target / "adapter" / "adapter_model.safetensors"


@pytest.fixture
def folders(tmp_path: Path, checkpoint_folder: Path, archive: Path, write_records: WriteRecords) -> EvaluationFolders:
    write_records(tmp_path / "test", 12)
    write_lines(tmp_path / "train", [json.dumps(record(number)) for number in range(20, 30)])
    write_lines(tmp_path / "champion", ["no model"], "config.json")
    return EvaluationFolders(
        base=checkpoint_folder,
        model=archive,
        test=tmp_path / "test",
        output=tmp_path / "output",
        train=tmp_path / "train",
        champion=tmp_path / "champion",
    )
