"""Counts the tokens of a conversation exactly as training does: the template's text, up to the end of the answer.

What the template puts behind the answer's end-of-turn token is cut off before counting, as in training. The tokenizer
is the package `tokenizers`, which transformers runs too.
"""

import json
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, Self

from pipelines.formats.records import Message
from pipelines.preparation.errors import NoTokenizer
from pipelines.preparation.tokens.chat_template import ChatTemplate, Unwritable, not_installed
from pipelines.preparation.tokens.files import CONFIGURATION, SPECIAL_TOKENS, TEMPLATE, TOKENIZER, TokenizerFiles

_NAMES = ("bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token")
_TRIAL = (Message("user", "Is it?"), Message("assistant", "It is."))


class ChatTokenizer:
    """A tokenizer with its chat template."""

    def __init__(self, tokenizer: Any, template: ChatTemplate, end_of_turn: str, *, byte_level: bool) -> None:
        self._tokenizer, self._template, self._end = tokenizer, template, end_of_turn
        self._byte_level = byte_level

    @classmethod
    def of(cls, contents: Mapping[str, bytes], place: str) -> Self:
        """Make it of the tokenizer's files by name; `place` says where they are.

        Raises NoTokenizer where they cannot be used, and InvalidArguments where a package is not installed.
        """
        try:
            document, special = json.loads(contents[TOKENIZER]), _special_tokens(contents)
            template = ChatTemplate(_template_of(contents), special)
            tokenizer = _load(contents[TOKENIZER], special)
            made = cls(tokenizer, template, special["eos_token"], byte_level=_is_byte_level(document))
            made.count(made.write(_TRIAL))
        except (Unwritable, ValueError, KeyError, TypeError) as error:
            raise NoTokenizer(
                f"The tokenizer in {place} cannot count a conversation: {error}. Put the folder of an "
                "instruction-tuned model there, whose tokenizer_config.json has an eos_token and a chat_template."
            ) from error
        return made

    def write(self, messages: Sequence[Message]) -> str:
        """Return the conversation as training encodes it; raises `Unwritable` where the template refuses it."""
        prompt, text = self._template.write(messages[:-1], ask=True), self._template.write(messages)
        end = text.rfind(self._end, len(prompt)) if text.startswith(prompt) else -1
        return text if end < 0 else text[: end + len(self._end)]

    def count(self, text: str) -> int:
        """Return the number of tokens of a text, in which special tokens may be written out."""
        return len(self._tokenizer.encode(text, add_special_tokens=False))

    def surely_fits(self, text: str, limit: int) -> bool:
        """Whether a text has no more tokens than `limit`, as far as that is known without counting.

        A token of a byte-level tokenizer stands for a byte at least. That spares short texts nearly all of the work.
        """
        return self._byte_level and len(text.encode()) <= limit


@cache
def chat_tokenizer(files: TokenizerFiles) -> ChatTokenizer:
    """Read the files and make the tokenizer, once a process."""
    return ChatTokenizer.of(files.read(), files.place)


def _load(content: bytes, special: Mapping[str, str]) -> Any:
    try:
        from tokenizers import Tokenizer
    except ImportError as error:
        raise not_installed("tokenizers", error) from error
    try:
        tokenizer = Tokenizer.from_str(content.decode())
    except Exception as error:  # the package raises nothing narrower
        raise ValueError(f"{TOKENIZER}: {error}") from error
    tokenizer.no_truncation()
    tokenizer.no_padding()
    known = {token.content for token in tokenizer.get_added_tokens_decoder().values()}
    tokenizer.add_special_tokens([token for token in dict.fromkeys(special.values()) if token not in known])
    return tokenizer


def _template_of(contents: Mapping[str, bytes]) -> str:
    """The file of its own comes before the configuration, and among several templates the default is meant."""
    if TEMPLATE in contents:
        return contents[TEMPLATE].decode()
    found = json.loads(contents[CONFIGURATION]).get("chat_template")
    if isinstance(found, list):
        found = {one["name"]: one["template"] for one in found}.get("default")
    if not isinstance(found, str):
        raise ValueError(f"there is no {TEMPLATE}, and {CONFIGURATION} has no chat_template")
    return found


def _special_tokens(contents: Mapping[str, bytes]) -> dict[str, str]:
    """What the configuration names; the older file of its own counts where tokens are not described there."""
    named = json.loads(contents[CONFIGURATION])
    if "added_tokens_decoder" not in named:
        named |= json.loads(contents.get(SPECIAL_TOKENS, b"{}"))
    found = {name: named[name] for name in _NAMES if named.get(name)}
    special = {name: value["content"] if isinstance(value, dict) else value for name, value in found.items()}
    if not isinstance(special.get("eos_token"), str):
        raise ValueError(f"{CONFIGURATION} has no eos_token, by which an answer ends")
    return special


def _is_byte_level(document: Mapping[str, Any]) -> bool:
    """Whether a token stands for a byte of the text at least: nothing is put before it, and nothing rewritten."""
    before = document.get("pre_tokenizer") or {}
    parts = before.get("pretokenizers", [before])
    byte_level = [part for part in parts if part.get("type") == "ByteLevel"]
    return (
        document["model"].get("type") == "BPE"
        and not document.get("normalizer")
        and bool(byte_level)
        and not any(part.get("add_prefix_space") for part in byte_level)
    )
