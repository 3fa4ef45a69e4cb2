"""``POST /v1/documents`` and ``POST /v1/search``."""

from __future__ import annotations

from lambdas.gateway.bodies.checking import Body, Check, Schema
from lambdas.gateway.bodies.fields import Choice, Flag, Number, Text
from lambdas.gateway.bodies.sampling import MODEL, STREAM, chat_tokens, sampling
from lambdas.gateway.settings import Limits

MEDIA_TYPES = ("text/plain", "text/markdown", "text/html", "application/pdf")
LONGEST_NAME = 200
LONGEST_QUERY = 2000


class Content:
    """A document's text, or its bytes in base64; as long as a document may be."""

    required = False

    def __init__(self, name: str, about: str, *, encoded: bool) -> None:
        self.name, self.about = name, about
        self._encoded = encoded

    def read(self, value: object, pointer: str, check: Check) -> bytes:
        """Give the bytes, or note what is wrong with them."""
        if not isinstance(value, str) or not value:
            check.wrong(pointer, f"'{self.name}' must be a string that is not empty")
            return b""
        try:
            return self._decoded(value)
        except ValueError:
            kind = "base64" if self._encoded else "text that UTF-8 can write"
            check.wrong(pointer, f"'{self.name}' is not {kind}")
            return b""

    def schema(self, limits: Limits) -> Schema:
        """Give the JSON schema."""
        most = limits.max_document_bytes
        schema: Schema = {"type": "string", "description": self.about, "minLength": 1}
        if not self._encoded:
            return {**schema, "maxLength": most}
        return {**schema, "maxLength": -(-most // 3) * 4, "contentEncoding": "base64"}

    def _decoded(self, value: str) -> bytes:
        if not self._encoded:
            return value.encode()
        import base64

        return base64.b64decode(value, validate=True)


DOCUMENT = Body(
    "DocumentRequest",
    Text("name", "What the document is called.", most=LONGEST_NAME, counts=False),
    Choice("media_type", "What kind of document it is.", MEDIA_TYPES, required=True),
    Content("text", "The document; or give `content_base64`.", encoded=False),
    Content("content_base64", "The document's bytes.", encoded=True),
    Flag("stream", "Whether to tell by server-sent events how far the document is read.", nullable=True),
)
SEARCH = Body(
    "SearchRequest",
    Text("query", "What is looked for.", most=LONGEST_QUERY),
    Number("top_k", "Most passages to give.", least=1, most=lambda limits: limits.max_passages, whole=True),
    Flag("answer", "Whether a model is to answer out of the passages."),
    MODEL,
    *sampling(chat_tokens),
    STREAM,
)
