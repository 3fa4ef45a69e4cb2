"""``POST /v1/embeddings``, in OpenAI's format."""

from __future__ import annotations

from lambdas.gateway.bodies.checking import Body
from lambdas.gateway.bodies.fields import Choice, Number, Text, Texts
from lambdas.gateway.bodies.sampling import LONGEST_NAME
from lambdas.shared.embedding import MOST_CHARACTERS

MOST_TEXTS = 96
MOST_DIMENSIONS = 65_536

EMBEDDINGS = Body(
    "EmbeddingsRequest",
    Texts(
        "input", "A text, or several; tokens are not taken.",
        required=True, most=MOST_TEXTS, longest=MOST_CHARACTERS, single=True, counts=True,
    ),
    Text("model", "Name of the embedding model.", required=False, most=LONGEST_NAME, counts=False),
    Choice("encoding_format", "How a vector is written.", ("float", "base64")),
    Number(
        "dimensions", "The length of vectors: that of the model, and no other.",
        least=1, most=MOST_DIMENSIONS, whole=True, nullable=True,
    ),
    Text("user", "Who asks, as the client calls them; not looked at.", required=False, most=512, counts=False),
)  # fmt: skip
