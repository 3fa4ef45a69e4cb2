"""The body of Amazon Nova: a Converse request and its answer, but for the schema's version and further parameters."""

from __future__ import annotations

from collections.abc import Iterator

from twin.bedrock.bodies.keys import malformed, parsed_object
from twin.bedrock.converse import STOP_REASONS, check, prompt_of, sampling_of, usage
from twin.bedrock.generation import Generated, Generation, Sampling
from twin.emulator.hooks import Json
from twin.weights.imported import LocalModel

_KEYS = ("schemaVersion", "messages", "system", "inferenceConfig")
_VERSION = "messages-v1"


class _Nova:
    def asked(self, model: LocalModel, body: bytes) -> tuple[str, Sampling]:
        given = parsed_object(body)
        for name in given:
            if name not in _KEYS:
                raise malformed(f"#: extraneous key [{name}] is not permitted")
        if given.pop("schemaVersion", _VERSION) != _VERSION:
            raise malformed(f'#/schemaVersion: only "{_VERSION}" is supported')
        check(model, given)
        return prompt_of(model, given), sampling_of(given)

    def answer(self, made: Generated) -> Json:
        return {
            "output": {"message": {"content": [{"text": made.text}], "role": "assistant"}},
            "stopReason": STOP_REASONS[made.ended],
            "usage": usage(made),
        }

    def chunks(self, generation: Generation) -> Iterator[Json]:
        yield {"messageStart": {"role": "assistant"}}
        for text in generation:
            yield {"contentBlockDelta": {"delta": {"text": text}, "contentBlockIndex": 0}}
        yield {"contentBlockStop": {"contentBlockIndex": 0}}
        yield {"messageStop": {"stopReason": STOP_REASONS[generation.made.ended]}}

    def last_chunk(self, made: Generated) -> Json:
        return {"metadata": {"usage": usage(made), "metrics": {}, "trace": {}}}


NOVA = _Nova()
