"""What a run has Bedrock customize: the job as `resolve_run` settles it, and where its files lie."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass

from lambdas.shared.candidates import ZERO_SHOT, Candidate, parse_candidate
from lambdas.shared.fields import Fields

# A job's name may have 63 characters and no underscore, a run's id has up to 80.
DIGEST_CHARACTERS = 16


@dataclass(frozen=True)
class Customization:
    """One customization.

    Attributes:
        name: of the job, the custom model and what serves it, one for each run; they are found by it.
        format: folder under the curated prefix with the training data in the model's format.
        hyperparameters: by the API's names, as texts.
        serving: ``on-demand`` or ``provisioned``.
        base: the model as it is, to compare with; by its key `pipelines.formats` knows the limits of the data.
    """

    name: str
    format: str
    hyperparameters: dict[str, str]
    serving: str
    base: Candidate

    def document(self) -> dict[str, object]:
        """Give the JSON object that `parse_customization` reads."""
        return asdict(self)


def customization_of(run_id: str, settings: Fields) -> Customization:
    """Settle a run's customization by the deployed settings under ``tuning.bedrock``."""
    digest = hashlib.sha256(run_id.encode()).hexdigest()[:DIGEST_CHARACTERS]
    candidate = {
        "model": settings.text("model"),
        "model_id": settings.text("model_id"),
        "platform": "bedrock",
        "strategy": ZERO_SHOT,
        "price": settings.raw("price"),
    }
    base = parse_candidate(Fields(candidate, "the settings under tuning.bedrock"), index=0)
    return _customization(settings, f"{settings.text('name')}-{digest}", base)


def parse_customization(fields: Fields) -> Customization:
    """Read the object that `Customization.document` gives."""
    return _customization(fields, fields.text("name"), parse_candidate(fields.fields("base")))


def _customization(fields: Fields, name: str, base: Candidate) -> Customization:
    hyperparameters = fields.fields("hyperparameters")
    return Customization(
        name=name,
        format=fields.text("format"),
        hyperparameters={key: hyperparameters.text(key) for key in hyperparameters},
        serving=fields.text("serving"),
        base=base,
    )
