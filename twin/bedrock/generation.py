"""Text from a prompt, with the parameters that a caller may give and nothing of the server's own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from twin.bedrock import servers
from twin.emulator.hooks import Json
from twin.weights.imported import LocalModel

# Bedrock's defaults for models of the Llama architecture.
DEFAULT_TOKENS = 512
DEFAULT_TEMPERATURE = 0.5
DEFAULT_TOP_P = 0.9


@dataclass(frozen=True)
class Sampling:
    """How to choose tokens, and when to end."""

    max_tokens: int = DEFAULT_TOKENS
    temperature: float = DEFAULT_TEMPERATURE
    top_p: float = DEFAULT_TOP_P
    stop: Sequence[str] = field(default_factory=tuple)

    def as_request(self) -> Json:
        """In llama-server's terms; its own filters, which no caller asked for, are off."""
        return {
            "n_predict": self.max_tokens,
            "temperature": self.temperature,
            "top_p": self.top_p,
            "top_k": 0,
            "min_p": 0.0,
            "stop": list(self.stop),
            "cache_prompt": True,
        }


@dataclass(frozen=True)
class Generated:
    """What came of it. `ended` is the server's word: `eos`, `limit` or `word` (a stop sequence)."""

    text: str
    input_tokens: int
    output_tokens: int
    ended: str

    @classmethod
    def of(cls, answer: Json) -> Generated:
        """Read the server's answer."""
        return cls(answer["content"], answer["tokens_evaluated"], answer["tokens_predicted"], answer["stop_type"])


def generate(model: LocalModel, prompt: str, sampling: Sampling) -> Generated:
    """Continue `prompt`. Raises ServiceError as `servers.ask` does."""
    return Generated.of(servers.ask(model, "/completion", {"prompt": prompt, **sampling.as_request()}))


def chat_prompt(model: LocalModel, messages: Sequence[Json]) -> str:
    """A conversation ({"role", "content"}) as the prompt that the model's own chat template makes of it."""
    return str(servers.ask(model, servers.TEMPLATE, {"messages": list(messages)})["prompt"])
