"""``POST /v1/chat/completions``, in OpenAI's format."""

from __future__ import annotations

from lambdas.gateway.bodies.checking import Body
from lambdas.gateway.bodies.fields import Flag, Nested, Only, Text
from lambdas.gateway.bodies.messages import ChatMessages
from lambdas.gateway.bodies.sampling import FOURFOLD, MODEL, STREAM, openai_sampling

NO_LIST, NO_OBJECT = [], {}  # type: ignore[var-annotated]

CHAT = Body(
    "ChatCompletionRequest",
    MODEL,
    ChatMessages(),
    *openai_sampling(),
    STREAM,
    Nested(
        "stream_options",
        "What a stream tells beside the text.",
        Body(
            "StreamOptions",
            Flag("include_usage", "Whether a last chunk tells the usage.", nullable=True),
            Flag("include_obfuscation", "Nothing is padded here, whatever this says.", nullable=True),
        ),
        nullable=True,
    ),
    FOURFOLD,
    Only("n", 1, None),
    Only("logprobs", False, None),
    Only("top_logprobs", 0, None),
    Only("frequency_penalty", 0, 0.0, None),
    Only("presence_penalty", 0, 0.0, None),
    Only("logit_bias", NO_OBJECT, None),
    Only("tools", NO_LIST, None),
    Only("tool_choice", "none", "auto", None),
    Only("parallel_tool_calls", True, False, None),
    Only("response_format", {"type": "text"}, None),
    Only("modalities", ["text"], None),
    Only("service_tier", "auto", "default", None),
    Only("store", False, None),
    Only("verbosity", "medium", None),
    Text("user", "Who asks, as the client calls them; not looked at.", required=False, most=512, counts=False),
    Text("safety_identifier", "As `user`.", required=False, most=512, counts=False),
    Text("prompt_cache_key", "Not looked at.", required=False, most=512, counts=False),
)  # fmt: skip
