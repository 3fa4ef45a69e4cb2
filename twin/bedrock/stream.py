"""ConverseStream: the same as Converse, in frames of AWS's event stream encoding, one for each token.

The emulator sends an answer as a whole: the frames are as they would be, and arrive together.
"""

from __future__ import annotations

import binascii
import json
import struct
import time

from twin.bedrock import servers
from twin.bedrock.converse import STOP_REASONS, milliseconds_since, prompt_of, sampling_of, usage
from twin.bedrock.generation import Generated
from twin.emulator.hooks import Json, Response
from twin.weights.imported import LocalModel

_STRING = 7
_DATA = b"data: "


def converse_stream(model: LocalModel, request: Json) -> Response:
    """Answer a ConverseStream request, which has been checked."""
    began = time.monotonic()
    asked = {"prompt": prompt_of(model, request), **sampling_of(request).as_request(), "stream": True}
    pieces = [
        json.loads(line.removeprefix(_DATA))
        for line in servers.ask_raw(model, "/completion", asked).splitlines()
        if line.startswith(_DATA)
    ]
    texts = [piece["content"] for piece in pieces if piece["content"]]
    made = Generated.of({**pieces[-1], "content": "".join(texts)})
    frames = [frame("messageStart", {"role": "assistant"})]
    frames += [frame("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": text}}) for text in texts]
    frames += [
        frame("contentBlockStop", {"contentBlockIndex": 0}),
        frame("messageStop", {"stopReason": STOP_REASONS[made.ended]}),
        frame("metadata", {"usage": usage(made), "metrics": {"latencyMs": milliseconds_since(began)}}),
    ]
    return Response(b"".join(frames), 200, {"Content-Type": "application/vnd.amazon.eventstream"})


def frame(event: str, payload: Json) -> bytes:
    """One event as a frame: lengths, their checksum, headers, payload, checksum of it all."""
    headers = b"".join(
        _header(name, value)
        for name, value in (
            (":event-type", event),
            (":content-type", "application/json"),
            (":message-type", "event"),
        )
    )
    body = json.dumps(payload).encode()
    prelude = struct.pack(">II", len(headers) + len(body) + 16, len(headers))
    message = prelude + struct.pack(">I", binascii.crc32(prelude)) + headers + body
    return message + struct.pack(">I", binascii.crc32(message))


def _header(name: str, value: str) -> bytes:
    return struct.pack(">B", len(name)) + name.encode() + struct.pack(">BH", _STRING, len(value)) + value.encode()
