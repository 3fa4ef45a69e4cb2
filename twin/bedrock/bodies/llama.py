"""The body that Bedrock documents for Llama models, imported ones too: the prompt as it is, without a template."""

from __future__ import annotations

from collections.abc import Iterator

from twin.bedrock.bodies.keys import Key, parsed
from twin.bedrock.generation import (
    DEFAULT_TEMPERATURE,
    DEFAULT_TOKENS,
    DEFAULT_TOP_P,
    Generated,
    Generation,
    Sampling,
)
from twin.emulator.hooks import Json
from twin.weights.imported import LocalModel

_STOP_REASONS = {"eos": "stop", "limit": "length"}
_KEYS = {
    "prompt": Key(str, required=True),
    "max_gen_len": Key(int, least=1, most=8192),
    "temperature": Key(float, least=0, most=1),
    "top_p": Key(float, least=0, most=1),
}


class _Llama:
    def asked(self, model: LocalModel, body: bytes) -> tuple[str, Sampling]:  # noqa: ARG002 - no template: no model
        given = parsed(body, _KEYS)
        sampling = Sampling(
            given.get("max_gen_len", DEFAULT_TOKENS),
            given.get("temperature", DEFAULT_TEMPERATURE),
            given.get("top_p", DEFAULT_TOP_P),
        )
        return given["prompt"], sampling

    def answer(self, made: Generated) -> Json:
        return {
            "generation": made.text,
            "prompt_token_count": made.input_tokens,
            "generation_token_count": made.output_tokens,
            "stop_reason": _STOP_REASONS[made.ended],
        }

    def chunks(self, generation: Generation) -> Iterator[Json]:
        # llama.cpp tells the length of the prompt with the last token, Bedrock with the first.
        empty = {"prompt_token_count": None, "stop_reason": None}
        for number, text in enumerate(generation, start=1):
            yield {"generation": text, "generation_token_count": number, **empty}

    def last_chunk(self, made: Generated) -> Json:
        return {**self.answer(made), "generation": ""}


LLAMA = _Llama()
