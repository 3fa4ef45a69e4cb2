"""An adapter is loaded and asked as the page says, by PEFT alone: it brings its tokenizer and names its base."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from peft import AutoPeftModelForCausalLM
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedTokenizerFast

from lambdas.shared.prompts import task_prompt
from pipelines.tuning.served_forms import write_all
from tests.unit.tuning.trained_models import trained

PROJECT = Path(__file__).resolve().parents[3]
HUB = "HuggingFaceTB/SmolLM2-135M-Instruct"
TEXT = re.compile(r'^text = "(.*)"$', re.MULTILINE)


def snippet() -> str:
    """The page's only program."""
    section = (PROJECT / "docs" / "pipeline.md").read_text(encoding="utf-8").partition("#### Asking the adapter")[2]
    found = re.search(r"```python\n(.*?)```", section, re.DOTALL)
    assert found is not None
    return found[1]


def answer(model: Any, tokenizer: Any, instruction: str, text: str) -> str:
    """What a model answers that is asked as the deployed one is."""
    messages = [{"role": "user", "content": task_prompt(instruction, text)}]
    prompt = tokenizer.apply_chat_template(messages, add_generation_prompt=True, return_tensors="pt", return_dict=True)
    tokens = model.generate(**prompt, max_new_tokens=64, do_sample=False)[0, prompt["input_ids"].shape[1] :]
    return str(tokenizer.decode(tokens, skip_special_tokens=True))


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory, checkpoint_folder: Path) -> Path:
    """A project's folder with the base model and the artifacts of a run, as this machine has them."""
    folder = tmp_path_factory.mktemp("project")
    request, _ = trained(folder / "trained", checkpoint_folder, base_model_id=HUB)
    write_all(request)
    shutil.copytree(request.output, folder / "runs" / "20260102-030405-0a1b" / "artifacts")
    shutil.copytree(checkpoint_folder, folder / ".fourfold" / "cache" / "smollm2-135m-instruct-0.1.2-1")
    shutil.copy(PROJECT / "workflow.yaml", folder)
    return folder


def test_the_page_s_program_gets_the_tuned_model_s_answer(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(project)
    exec(compile(snippet(), "docs/pipeline.md", "exec"), {})

    text = TEXT.search(snippet())
    assert text is not None
    instruction = yaml.safe_load((project / "workflow.yaml").read_text())["task"]["instruction"]
    (merged,) = project.glob("runs/*/artifacts/merged")
    (base,) = project.glob(".fourfold/cache/*")
    answers: list[str] = []
    for folder in (merged, base):
        model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
        answers.append(answer(model, AutoTokenizer.from_pretrained(folder), instruction, text[1]))
    assert capsys.readouterr().out == f"{answers[0]}\n"
    assert answers[0] != answers[1]


def test_an_adapter_names_its_base_by_its_id_on_the_hub(project: Path) -> None:
    (adapter,) = project.glob("runs/*/artifacts/adapter")
    assert json.loads((adapter / "adapter_config.json").read_text())["base_model_name_or_path"] == HUB


def test_what_training_packs_is_what_the_command_writes(project: Path, tmp_path: Path) -> None:
    (adapter,) = project.glob("runs/*/artifacts/adapter")
    shutil.unpack_archive(project / "trained" / "model" / "model.tar.gz", tmp_path)
    packed = tmp_path / "adapter"
    assert {"adapter_config.json", "tokenizer.json", "tokenizer_config.json"} < {each.name for each in packed.iterdir()}
    assert contents(packed) == contents(adapter)


def contents(folder: Path) -> dict[str, bytes]:
    return {each.name: each.read_bytes() for each in folder.iterdir()}


def test_peft_finds_the_base_by_the_name_alone(
    project: Path, tmp_path: Path, checkpoint_folder: Path, tokenizer: PreTrainedTokenizerFast
) -> None:
    (adapter,) = project.glob("runs/*/artifacts/adapter")
    shutil.copytree(adapter, tmp_path / "adapter")
    configuration = tmp_path / "adapter" / "adapter_config.json"
    # A folder stands for the Hub, which no test asks.
    configuration.write_text(configuration.read_text().replace(HUB, str(checkpoint_folder)))
    model = AutoPeftModelForCausalLM.from_pretrained(str(tmp_path / "adapter"))
    merged = AutoModelForCausalLM.from_pretrained(adapter.parent / "merged", dtype=torch.float32)
    assert answer(model, tokenizer, "Summarize.", "A text.") == answer(merged, tokenizer, "Summarize.", "A text.")
