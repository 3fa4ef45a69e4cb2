"""The models that may be asked, by name: those of the settings, and whichever is approved."""

from __future__ import annotations

from collections.abc import Iterator
from http import HTTPStatus
from typing import TYPE_CHECKING, NamedTuple

from lambdas.gateway.exchange import APPROVED, Usage
from lambdas.gateway.models.approved import approved_target
from lambdas.gateway.models.bedrock import BedrockModel
from lambdas.gateway.models.upstream import Upstream
from lambdas.gateway.problems import FieldError, Problem, retry_later
from lambdas.gateway.settings import Model, Price, Settings
from lambdas.shared.targets import BedrockTarget, ExtractiveTarget, SageMakerTarget, Target

if TYPE_CHECKING:
    from lambdas.shared.examples import Examples

EMBEDDINGS = "/v1/embeddings"


class Served(NamedTuple):
    """A model that can be asked now.

    Attributes:
        name: what requests call it.
        label: what answers call it; of an approved model without account or region.
        kind: ``bedrock``, ``sagemaker`` or ``extractive``.
        run_id: the run whose model was approved; None for the other models.
        upstream: None for the extractive baseline, which asks no model.
        examples: what the task's prompt is shown with, if anything.
        seed: whether it takes a seed.
        price: None where it is not paid by the token.
    """

    name: str
    label: str
    kind: str
    run_id: str | None
    upstream: Upstream | None
    examples: Examples | None
    sampling: bool
    seed: bool
    context_tokens: int | None
    price: Price | None

    @property
    def version(self) -> str:
        """What tells one approved model from the next; an answer is kept for one version only."""
        return f"{self.label} {self.run_id or ''}".strip()

    @property
    def guards_itself(self) -> bool:
        """Whether the model's service applies the guardrail."""
        return self.kind == "bedrock"

    def nano_usd(self, usage: Usage) -> int | None:
        """Give the cost of an answer in billionths of a dollar; None where it is not paid by the token."""
        return None if self.price is None else self.price.nano_usd(usage)


def served(name: str, settings: Settings) -> Served:
    """Give a model by its name; an approved one goes by its label as well.

    Raises:
        Problem: 404 for a name that nothing has, 400 for that of the model that embeds, 503 where nothing is approved.
    """
    if name != APPROVED and (model := settings.model(name)) is not None:
        return _of_settings(model)
    if settings.embedding is not None and name == settings.embedding.name:
        wrong = f"{name} is an embedding model, which writes no answers: ask it at {EMBEDDINGS}"
        raise Problem(HTTPStatus.BAD_REQUEST, f"{wrong}.", errors=[FieldError("#/model", wrong)])
    found = _approved(settings)
    if name == APPROVED and found is None:
        raise retry_later(
            HTTPStatus.SERVICE_UNAVAILABLE, "No model is approved yet. Run the workflow, and approve one.", 60
        )
    if found is None or name not in (APPROVED, found.label):
        known = ", ".join([APPROVED, *(model.name for model in settings.models)])
        wrong = f"there is no model {_shown(name)!r}; known are {known}"
        raise Problem(HTTPStatus.NOT_FOUND, f"{wrong[0].upper()}{wrong[1:]}.", errors=[FieldError("#/model", wrong)])
    return found


def all_served(settings: Settings) -> Iterator[Served]:
    """Give the approved model, if any is, and those of the settings."""
    if (found := _approved(settings)) is not None:
        yield found
    for model in settings.models:
        yield _of_settings(model)


def names(settings: Settings) -> tuple[str, ...]:
    """Give every name that requests may call a model by, the label of the approved one included."""
    found = _approved(settings)
    labels = () if found is None else (found.label,)
    return tuple(dict.fromkeys((APPROVED, *(model.name for model in settings.models), *labels)))


def not_priced(settings: Settings) -> list[str]:
    """Give the names of the models that are not paid by the token: no cap binds what they answer."""
    return [found.name for found in all_served(settings) if found.price is None]


def _of_settings(model: Model) -> Served:
    upstream = BedrockModel(
        model.model_id, sampling=model.sampling, streaming=model.streaming, prompt_caching=model.prompt_caching
    )
    return Served(
        name=model.name,
        label=model.name,
        kind="bedrock",
        run_id=None,
        upstream=upstream,
        examples=None,
        sampling=model.sampling,
        seed=False,
        context_tokens=model.context_tokens,
        price=model.price,
    )


def _approved(settings: Settings) -> Served | None:
    approved = approved_target()
    if approved is None:
        return None
    target = approved.target
    known = _catalogued(target, settings)
    return Served(
        name=APPROVED,
        label=target.label,
        kind=target.kind,
        run_id=target.run_id,
        upstream=_upstream(target, known),
        examples=approved.examples,
        sampling=isinstance(target, SageMakerTarget) or (isinstance(target, BedrockTarget) and target.sampling),
        seed=isinstance(target, SageMakerTarget),
        context_tokens=_context_tokens(target, known, settings),
        price=known.price if known else settings.approved_price if isinstance(target, BedrockTarget) else None,
    )


def _catalogued(target: Target, settings: Settings) -> Model | None:
    """Give what the settings say of an approved model, where they name it as well."""
    if not isinstance(target, BedrockTarget):
        return None
    return next((model for model in settings.models if model.model_id == target.model_id), None)


def _context_tokens(target: Target, known: Model | None, settings: Settings) -> int | None:
    if isinstance(target, SageMakerTarget):
        return settings.endpoint_context_tokens
    return known.context_tokens if known else None


def _upstream(target: Target, known: Model | None) -> Upstream | None:
    if isinstance(target, ExtractiveTarget):
        return None
    if isinstance(target, SageMakerTarget):
        from lambdas.gateway.models.endpoint import EndpointModel

        return EndpointModel(target.endpoint)
    caching = known is not None and known.prompt_caching
    streaming = known is None or known.streaming
    return BedrockModel(target.model_id, sampling=target.sampling, streaming=streaming, prompt_caching=caching)


def _shown(name: str) -> str:
    return name if len(name) <= 80 else f"{name[:77]}..."
