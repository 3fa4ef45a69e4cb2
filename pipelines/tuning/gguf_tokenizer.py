"""The tokenizer's half of the export: byte-level BPE as transformers keeps it, to the fields llama.cpp reads.

llama.cpp does not interpret the rule by which text is split before BPE; it knows rules by name. The name is
found by comparing the tokenizer's own rule with those of the names.
"""

from __future__ import annotations

import json
from typing import Any

import gguf
from transformers import PreTrainedTokenizerBase

LLAMA3_PATTERN = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)
_WITH_OWN_PATTERN = {"type": "ByteLevel", "add_prefix_space": False, "use_regex": True}
_WITHOUT_PATTERN = {"type": "ByteLevel", "add_prefix_space": False, "use_regex": False}
_DIGITS = {"type": "Digits", "individual_digits": True}
_LLAMA3 = {"type": "Split", "pattern": {"Regex": LLAMA3_PATTERN}, "behavior": "Isolated", "invert": False}

# The sequence of rules in tokenizer.json -> the name in llama.cpp.
SPLITTERS: tuple[tuple[list[dict[str, Any]], str], ...] = (
    ([_WITH_OWN_PATTERN], "gpt-2"),
    ([_DIGITS, _WITH_OWN_PATTERN], "smollm"),
    ([_LLAMA3, _WITHOUT_PATTERN], "llama-bpe"),
)


def problems(tokenizer: PreTrainedTokenizerBase) -> list[str]:
    """Say what of the tokenizer llama.cpp could not be told; nothing if it can."""
    backend = getattr(tokenizer, "backend_tokenizer", None)
    if backend is None:
        return ["its tokenizer is not in the tokenizer.json format"]
    state = json.loads(backend.to_str())
    found = []
    if state["model"]["type"] != "BPE" or state["model"].get("byte_fallback"):
        found.append("its tokenizer is not byte-level BPE")
    elif _splitter(state) is None:
        names = ", ".join(name for _, name in SPLITTERS)
        found.append(f"its tokenizer splits text by a rule other than those of {names}")
    if state.get("normalizer") is not None:
        found.append("its tokenizer normalizes text")
    return found


def _splitter(state: dict[str, Any]) -> str | None:
    rule = state.get("pre_tokenizer") or {}
    rules = rule["pretokenizers"] if rule.get("type") == "Sequence" else [rule]
    # `trim_offsets` moves the reported positions only, not the tokens.
    plain = [{key: value for key, value in each.items() if key != "trim_offsets"} for each in rules]
    return next((name for known, name in SPLITTERS if known == plain), None)


def add(writer: gguf.GGUFWriter, tokenizer: PreTrainedTokenizerBase, vocabulary_size: int) -> None:
    """Add tokens, merges, special tokens and chat template. `vocabulary_size` is that of the embedding."""
    state = json.loads(tokenizer.backend_tokenizer.to_str())
    tokens, types = _tokens(state, vocabulary_size)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(_splitter(state) or "")
    writer.add_token_list(tokens)
    writer.add_token_types(types)
    merges = state["model"]["merges"]
    writer.add_token_merges([merge if isinstance(merge, str) else " ".join(merge) for merge in merges])
    writer.add_add_bos_token(_puts_bos_first(tokenizer))
    writer.add_add_space_prefix(False)
    writer.add_eos_token_id(tokenizer.eos_token_id)
    writer.add_pad_token_id(tokenizer.pad_token_id)
    if tokenizer.bos_token_id is not None:
        writer.add_bos_token_id(tokenizer.bos_token_id)
    if tokenizer.unk_token_id is not None:
        writer.add_unk_token_id(tokenizer.unk_token_id)
    writer.add_chat_template(tokenizer.chat_template)


def _tokens(state: dict[str, Any], size: int) -> tuple[list[str], list[int]]:
    """Give every id its text and kind. Ids of the embedding that no token has become unused placeholders."""
    texts = [f"[PAD{number}]" for number in range(size)]
    kinds = [int(gguf.TokenType.UNUSED)] * size
    for text, number in state["model"]["vocab"].items():
        texts[number], kinds[number] = text, int(gguf.TokenType.NORMAL)
    for token in state["added_tokens"]:
        kind = gguf.TokenType.CONTROL if token["special"] else gguf.TokenType.USER_DEFINED
        texts[token["id"]], kinds[token["id"]] = token["content"], int(kind)
    return texts, kinds


def _puts_bos_first(tokenizer: PreTrainedTokenizerBase) -> bool:
    tokens = tokenizer.encode("a")
    return tokenizer.bos_token_id is not None and tokens[0] == tokenizer.bos_token_id
