"""The settings as one immutable object: what `workflow.yaml` says for one environment."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from cdk_app.catalogue import CATALOGUE, Model
from cdk_app.catalogue.embedding import EMBEDDERS
from cdk_app.settings.analytics import Analytics
from cdk_app.settings.data import Data
from cdk_app.settings.delivery import CONTEXT_TOKENS, Budget, Serving
from cdk_app.settings.gateway import Gateway
from cdk_app.settings.section import Section
from cdk_app.settings.selection import Selection
from cdk_app.settings.task import Task
from cdk_app.settings.tuning import Tuning

Environment = Literal["dev", "prod", "twin"]


class Settings(Section):
    """Everything a user decides about the workflow in one environment."""

    environment: Environment
    """Environment that these settings are for."""

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,22}[a-z0-9]$", examples=["fourfold", "legal-summaries"])] = (
        "fourfold"
    )
    """Prefix of the names that people see: state machine, pipeline, endpoint, parameters. The stacks are called
    `Fourfold-<environment>-…` whatever it is: one workflow by environment and account."""

    task: Task
    """What the model is asked to do."""

    data: Data
    """The data set and how it is prepared."""

    selection: Selection
    """Models to compare, and how good one must be."""

    tuning: Tuning = Tuning()
    """Fine-tuning, when no candidate is good enough."""

    serving: Serving = Serving()
    """The endpoint of the tuned model."""

    approval: Literal["manual", "automatic"] = "manual"
    """`manual` waits for a person before anything is deployed; `automatic` trusts the quality gates."""

    approval_timeout_hours: Annotated[int, Field(ge=1, le=720)] = 24
    """Hours after which an unanswered approval request fails the run."""

    gateway: Gateway = Gateway()
    """The HTTP API in front of the model."""

    analytics: Analytics = Analytics()
    """What stands by to ask the data questions, beside Athena."""

    budget: Budget = Budget()
    """The monthly budget and who hears about it."""

    @property
    def candidate_models(self) -> tuple[Model, ...]:
        """The model behind each candidate, in order; an imported model with the id that Bedrock gave it."""
        return tuple(
            _as_imported(CATALOGUE[candidate.model], candidate.imported_model_id)
            for candidate in self.selection.candidates
        )

    @property
    def embedding_model(self) -> Model | None:
        """The model that embeds texts, with the id of its import where it is imported."""
        named = self.selection.embeddings
        return _as_imported(EMBEDDERS[named.model], named.imported_model_id) if named else None

    @property
    def judge_model(self) -> Model | None:
        """The model that compares answers."""
        named = self.selection.judge
        return _as_imported(CATALOGUE[named.model], named.imported_model_id) if named else None

    @property
    def offered_models(self) -> tuple[Model, ...]:
        """The models that the gateway offers beside the approved one."""
        return tuple(
            _as_imported(CATALOGUE[offered.model], offered.imported_model_id) for offered in self.gateway.models
        )

    @property
    def document_embedder(self) -> Model | None:
        """The model that embeds documents, and what is looked for in them."""
        named = self.gateway.embeddings
        return _as_imported(EMBEDDERS[named.model], named.imported_model_id) if named else None

    @property
    def asked_models(self) -> tuple[Model, ...]:
        """Every model on Bedrock that the evaluation asks: candidates, embedding model and judge."""
        models = (*self.candidate_models, self.embedding_model, self.judge_model)
        return tuple(model for model in models if model is not None and model.platform != "lambda")

    @property
    def longest_prompt(self) -> int:
        """Tokens of the longest prompt that the tuned model's endpoint can still answer in full length."""
        return self.endpoint_context_tokens - self.serving.max_output_tokens

    @property
    def endpoint_context_tokens(self) -> int:
        """Tokens that the tuned model's endpoint reads and writes at most in one request."""
        return min(CATALOGUE[self.tuning.model].context_tokens, CONTEXT_TOKENS)


def _as_imported(model: Model, imported_model_id: str | None) -> Model:
    return model.imported_as(imported_model_id) if imported_model_id else model
