"""Section `gateway`: the API in front of the models, who may use it, what it keeps, what it may cost, and its page."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from cdk_app.catalogue import CATALOGUE
from cdk_app.catalogue.embedding import EMBEDDERS
from cdk_app.settings.guardrail import Guardrail
from cdk_app.settings.measuring import ImportedModelId
from cdk_app.settings.section import Section

APPROVED = "approved"
"""What requests call the workflow's approved model, beside the keys of the models that are offered with it."""

LONGEST_ANSWER_SECONDS = 900
"""As long as Lambda runs a function and API Gateway streams an answer."""

LARGEST_DOCUMENT_MB = 4
"""What fits into a request once it is written as base64: Lambda takes 6 MB."""

LEAST_USD = 0.0001
"""A few answers of the cheapest models: so little that somebody who tries a cap reaches it."""


class OfferedModel(Section):
    """A model on Bedrock that requests may name."""

    model: Annotated[str, Field(json_schema_extra={"enum": list(CATALOGUE)})]
    """Key of a model in the catalogue; requests call it by the same."""

    imported_model_id: ImportedModelId | None = None
    """Id of your import, for a model of platform `bedrock-import`."""

    fallback: Annotated[tuple[str, ...], Field(max_length=4, strict=False)] = ()
    """Models that are tried in turn when this one is throttled or fails: keys of `gateway.models`, or `approved`."""


class DocumentEmbeddings(Section):
    """The model that embeds documents and the questions about them, and texts for `/v1/embeddings`."""

    model: Annotated[str, Field(json_schema_extra={"enum": list(EMBEDDERS)})]
    """Key of an embedding model in the catalogue. Another one later means an empty index: upload the documents anew."""

    imported_model_id: ImportedModelId | None = None
    """Id of your import, for an open model."""

    vector_store: Literal["s3-vectors", "opensearch-serverless"] = "s3-vectors"
    """Where the passages' vectors lie. `s3-vectors` costs nothing while idle. `opensearch-serverless` bills by the
    hour, whether it is asked or not: at least 0.24 US dollars, in `prod` 0.48 (US East, as of February 2026; the
    sources are in docs/retrieval.md). Another store later means an empty index: upload the documents anew."""


class SemanticCache(Section):
    """Answers to questions that are nearly the same, told by their embeddings."""

    least_similarity: Annotated[float, Field(ge=0.8, le=1)] = 0.97
    """Cosine from which on two questions count as one; a lower one answers more of them wrongly."""


class Cache(Section):
    """Answers that are given again to the caller who got them, instead of asking the model anew."""

    exact: bool = False
    """Keep answers, for the same question with the same parameters to the same model."""

    ttl_hours: Annotated[int, Field(ge=1, le=720)] = 24
    """Hours for which an answer is kept."""

    semantic: SemanticCache | None = None
    """Answer questions that are nearly the same, too."""


class DailyBudget(Section):
    """What answers may cost by day (UTC). A request above it is refused with 429, and told when that ends."""

    caller_usd_per_day: Annotated[float, Field(ge=LEAST_USD, le=100_000)] | None = None
    """Most US dollars of one caller a day."""

    usd_per_day: Annotated[float, Field(ge=LEAST_USD, le=1_000_000)] | None = None
    """Most US dollars of all callers together a day."""


class SignIn(Section):
    """Who has an account on the page (Amazon Cognito)."""

    self_sign_up: bool = False
    """Let everyone make an account with an address of theirs; otherwise an administrator makes them."""

    mfa: Literal["off", "optional", "required"] = "optional"
    """Whether users confirm a sign-in with an authenticator app."""


class Domain(Section):
    """A domain of yours for the page, in place of CloudFront's; its DNS record is yours to make."""

    name: Annotated[
        str, Field(pattern=r"^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$", examples=["models.example.com"])
    ]
    """The domain."""

    certificate_arn: Annotated[
        str,
        Field(
            pattern=r"^arn:aws:acm:us-east-1:\d{12}:certificate/[0-9a-f-]{36}$",
            examples=["arn:aws:acm:us-east-1:123456789012:certificate/12345678-1234-1234-1234-123456789012"],
        ),
    ]
    """Its certificate in AWS Certificate Manager, in us-east-1, where CloudFront looks for it."""


class Partners(Section):
    """Callers from outside, who have API keys of API Gateway and share a usage plan."""

    names: Annotated[
        tuple[Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{1,30}[a-z0-9]$", examples=["reading-room"])], ...],
        Field(min_length=1, max_length=50, strict=False),
    ]
    """Partners, each of whom gets an API key; without its name, a key is gone."""

    rate_limit: Annotated[int, Field(ge=1, le=10_000)] = 5
    """Requests a second that the API accepts of one key in the long run."""

    burst_limit: Annotated[int, Field(ge=1, le=5_000)] = 10
    """Requests that the API accepts of one key at once."""

    requests_per_day: Annotated[int, Field(ge=1, le=10_000_000)] = 1_000
    """Requests that the API accepts of one key a day."""


class Firewall(Section):
    """AWS WAF in front of the API. It bills every month: 5 US dollars and 1 for each of the four rules, and by
    request."""

    requests_per_5_minutes: Annotated[int, Field(ge=10, le=2_000_000)] = 1_000
    """Requests in five minutes of one IP address, and of the page by one token, beyond which they are blocked. A user
    has another token after each refresh, so no user is bound by this, but by `gateway.budget.caller_usd_per_day`."""


class Gateway(Section):
    """The HTTP API in front of the models, and its page."""

    authorization: Literal["iam", "none"] = "iam"
    """`iam` asks for signed requests (SigV4) under `/v1`; `none` opens them to everyone, and is refused in `prod`."""

    rate_limit: Annotated[int, Field(ge=1, le=10_000)] = 10
    """Requests a second that the API accepts in the long run."""

    burst_limit: Annotated[int, Field(ge=1, le=5_000)] = 20
    """Requests that the API accepts at once."""

    timeout_seconds: Annotated[int, Field(ge=30, le=LONGEST_ANSWER_SECONDS)] = 300
    """Seconds within which an answer has to be complete, or a document read in."""

    max_input_characters: Annotated[int, Field(ge=100, le=1_000_000)] = 20_000
    """Longest text that one request may carry, in characters; a model that reads less refuses it with 413. Where texts
    are summarized in parts, each part is a call of its own, and all of them have to end within `timeout_seconds`."""

    max_output_tokens: Annotated[int, Field(ge=1, le=8192)] = 512
    """Most tokens of one answer of chat, of `/v1/search`, and of `/v1/generate` where it asks for more than the task's
    own bound, `serving.max_output_tokens`; each shares the model's context with the prompt."""

    max_document_mb: Annotated[float, Field(ge=0.01, le=LARGEST_DOCUMENT_MB)] = 4.0
    """Largest document that can be uploaded, in MB."""

    max_passages: Annotated[int, Field(ge=1, le=20)] = 6
    """Most passages of documents that a model is shown with a question."""

    least_evidence: Annotated[float, Field(ge=0, le=1)] = 0.31
    """What a passage needs to have to do with a question: 0.7 of its cosine and 0.3 of the share of the question's
    words in it; without embeddings 0.7 of that share, so at most 0.7. Where none has so much, no model is asked. Each
    embedding model wants a bound of its own."""

    models: Annotated[tuple[OfferedModel, ...], Field(max_length=8, strict=False)] = ()
    """Models that are offered beside the approved one; nothing bills before one is asked."""

    fallback: Annotated[tuple[str, ...], Field(max_length=4, strict=False)] = ()
    """Models that are tried in turn when the approved one is throttled or fails: keys of `gateway.models`."""

    embeddings: DocumentEmbeddings | None = None
    """The embedding model; without one, documents are found by their words alone."""

    cache: Cache = Cache()
    """Answers that are given again."""

    budget: DailyBudget = DailyBudget()
    """What answers may cost by day."""

    guardrail: Guardrail | None = None
    """What is refused or masked, in questions and answers. Bedrock bills guardrails by the text; without this section
    there is none."""

    page: bool = True
    """Offer the page (CloudFront), and accounts for it (Cognito); idle they cost nothing."""

    domain: Domain | None = None
    """A domain of yours for the page, which then asks for TLS 1.2 or later."""

    sign_in: SignIn = SignIn()
    """Who has an account on the page."""

    partners: Partners | None = None
    """Callers with API keys, under `/partners/v1`; without this section there are none."""

    firewall: Firewall | None = None
    """A firewall in front of the API. It bills by the month, so there is none by default."""
