"""Attacks on a prompt that can be told by the letter, before any model reads it.

Three kinds, none of which anybody types by chance: the marks by which chat templates tell turns apart (whoever writes
them into a text speaks as the system), characters that a reader does not see and a model does (Unicode's tags, "ASCII
smuggling"), and the well-known sentences that take the instruction back. What needs understanding is left to the
guardrail's own filter of prompt attacks. See OWASP's LLM01:2025, https://genai.owasp.org/llmrisk/llm01-prompt-injection/.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import Literal

from lambdas.gateway.exchange import Turn

Attack = Literal["template", "hidden", "override"]

# ChatML (Qwen, SmolLM2), Llama 2 and 3, Mistral, Gemma, Phi, DeepSeek, Nova.
_TEMPLATE = re.compile(
    r"<\|(?:im_start|im_end|im_sep|begin_of_text|end_of_text|start_header_id|end_header_id|eot_id|eom_id|python_tag|"
    r"system|user|assistant|end|endoftext|tool_call|fim_\w+)\|>"
    r"|<(?:start_of_turn|end_of_turn)>|\[/?INST\]|<</?SYS>>|\[/?(?:SYSTEM_PROMPT|AVAILABLE_TOOLS|TOOL_RESULTS)\]"
    r"|<｜(?:User|Assistant|begin▁of▁sentence|end▁of▁sentence)｜>",
    re.IGNORECASE,
)
# Tags, and variation selectors that follow one another: both carry whole sentences unseen. One selector is an emoji's.
_HIDDEN = re.compile("[\U000e0020-\U000e007e]{4,}|[\ufe00-\ufe0f\U000e0100-\U000e01ef]{4,}")
# Flags of England, Scotland and Wales are a flag and tags with an end.
_FLAG = re.compile("\U0001f3f4[\U000e0020-\U000e007e]{2,6}\U000e007f")
_BEFORE = r"(?:previous|prior|above|preceding|earlier|foregoing|former|system)"
_RULES = r"(?:instructions?|prompts?|rules?|guidelines?|directives?|commands?)"
_OVERRIDE = re.compile(
    rf"\b(?:ignore|disregard|forget|override|bypass)\b[^.!?\n]{{0,40}}?\b{_BEFORE}\b[^.!?\n]{{0,20}}?\b{_RULES}\b"
    rf"|\b(?:reveal|print|repeat|show|output|tell)\b[^.!?\n]{{0,30}}?\b(?:your|the)\s+(?:system|hidden|initial|secret)"
    rf"\s+(?:prompt|instructions?|message)\b"
    r"|\byou are now (?:in )?(?:dan|developer mode|jailbroken|unrestricted)\b",
    re.IGNORECASE,
)


def attack_in(turns: Sequence[Turn]) -> Attack | None:
    """Give the kind of attack in what callers wrote, or None. The assistant's own turns are a caller's text too."""
    for turn in turns:
        if found := _kind(turn.content):
            return found
    return None


def _kind(text: str) -> Attack | None:
    if _HIDDEN.search(_FLAG.sub("", text)):
        return "hidden"
    # As the model's tokenizer may read it: full-width letters and the like are the plain ones in another dress.
    plain = unicodedata.normalize("NFKC", text)
    if _TEMPLATE.search(text) or _TEMPLATE.search(plain):
        return "template"
    return "override" if _OVERRIDE.search(plain) else None
