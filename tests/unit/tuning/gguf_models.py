"""Models as GGUF, and the same question put to llama.cpp and to transformers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
import xllamacpp
from transformers import LlamaForCausalLM, PreTrainedTokenizerFast

QUESTIONS = ("describe the bucket 42", "list a role", "In your account: é, 日本!")


def serve(path: Path) -> Any:
    params = xllamacpp.CommonParams()
    params.model.path = str(path)
    params.n_ctx = 256
    params.n_parallel = 1
    params.cpuparams.n_threads = 1
    params.cpuparams_batch.n_threads = 1
    return xllamacpp.Server(params)


def ask_llama_cpp(server: Any, question: str) -> tuple[str, int, dict[int, float]]:
    answer = server.handle_chat_completions(
        {
            "messages": [{"role": "user", "content": question}],
            "max_tokens": 12,
            "temperature": 0,
            "logprobs": True,
            "top_logprobs": 5,
        }
    )
    [choice] = answer["choices"]
    first = choice["logprobs"]["content"][0]["top_logprobs"]
    likely = {each["id"]: each["logprob"] for each in first}
    return choice["message"]["content"], answer["usage"]["prompt_tokens"], likely


def ask_transformers(
    model: LlamaForCausalLM, tokenizer: PreTrainedTokenizerFast, question: str
) -> tuple[str, int, torch.Tensor]:
    turns = [{"role": "user", "content": question}]
    text = tokenizer.apply_chat_template(turns, tokenize=False, add_generation_prompt=True)
    tokens = torch.tensor([tokenizer.encode(str(text), add_special_tokens=False)])
    with torch.no_grad():
        logits = model(tokens).logits[0, -1]
        generating: Any = model  # transformers mixes generate in where types do not see it
        generated = generating.generate(tokens, max_new_tokens=12, do_sample=False, pad_token_id=0, eos_token_id=2)
    text = tokenizer.decode(generated[0, tokens.shape[1] :], skip_special_tokens=True)
    return str(text), tokens.shape[1], torch.log_softmax(logits.float(), -1)


def silence_bytes(model: LlamaForCausalLM, tokenizer: PreTrainedTokenizerFast) -> None:
    """Keep the model from generating parts of characters: the server holds those back, with their logits."""
    parts = [token for token in range(len(tokenizer)) if "\ufffd" in tokenizer.decode([token])]
    with torch.no_grad():
        model.lm_head.weight[parts] = 0.0
