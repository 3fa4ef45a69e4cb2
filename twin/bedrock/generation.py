"""Text from a prompt, with the parameters that a caller may give and nothing of the server's own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from twin.bedrock import servers
from twin.emulator.hooks import Json
from twin.model_server import AnswerStream, ModelServerError
from twin.model_server.flags import SLOTS
from twin.weights.imported import LocalModel

# Bedrock's defaults for models of the Llama architecture.
DEFAULT_TOKENS = 512
DEFAULT_TEMPERATURE = 0.5
DEFAULT_TOP_P = 0.9
# A prompt of so many characters is read for many seconds.
_LONG_CHARACTERS = 6000


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


class BrokenOffError(Exception):
    """The model has ended in the middle of its answer; the text says what is known of it."""


class Generation:
    """An answer while it is being made: iterate for its text, piece by piece; `made` is there at the end."""

    def __init__(self, model: LocalModel, events: AnswerStream) -> None:
        self._model, self._events = model, events
        self.made = Generated("", 0, 0, "")

    def __iter__(self) -> Iterator[str]:
        """The pieces as they come. Raises BrokenOffError when the server ends before its answer does."""
        texts: list[str] = []
        for event in self._received():
            if "error" in event:
                raise BrokenOffError(str(event["error"].get("message", event["error"])))
            if text := event["content"]:
                texts.append(text)
                yield text
            if event.get("stop"):
                self.made = Generated.of({**event, "content": "".join(texts)})
                servers.count(self._model)
                return
        raise BrokenOffError("The model's server ended before its answer.")

    def _received(self) -> Iterator[Json]:
        try:
            yield from self._events
        except (TimeoutError, ModelServerError) as error:
            raise BrokenOffError(str(error)) from error

    def cancel(self) -> None:
        """End it, from any thread."""
        self._events.cancel()


def generate(model: LocalModel, prompt: str, sampling: Sampling) -> Generated:
    """Continue `prompt`. Raises ServiceError as `servers.ask` does."""
    return Generated.of(servers.ask(model, "/completion", _asked(model, prompt, sampling)))


def generating(model: LocalModel, prompt: str, sampling: Sampling) -> Generation:
    """As `generate`, from the first token on."""
    asked = {**_asked(model, prompt, sampling), "stream": True}
    return Generation(model, servers.ask_stream(model, "/completion", asked))


def _asked(model: LocalModel, prompt: str, sampling: Sampling) -> Json:
    """The request to the model's server: a long prompt goes where short ones need not wait for its end."""
    last = {"id_slot": SLOTS - 1} if len(prompt) > _LONG_CHARACTERS and not model.url else {}
    return {"prompt": prompt, **sampling.as_request(), **last}


def chat_prompt(model: LocalModel, messages: Sequence[Json]) -> str:
    """A conversation ({"role", "content"}) as the prompt that the model's own chat template makes of it."""
    return str(servers.ask(model, servers.TEMPLATE, {"messages": list(messages)})["prompt"])
