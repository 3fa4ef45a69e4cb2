"""The run: what `resolve_run` settles once and every later function takes whole.

One execution name is the run's id everywhere; all S3 prefixes derive from it here and nowhere else.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

from lambdas.shared.candidates import (
    EMBEDDINGS,
    EXTRACTIVE,
    FEW_SHOT,
    RETRIEVAL,
    SEARCHES,
    STRATEGIES,
    WORDS,
    ZERO_SHOT,
    Candidate,
    parse_candidate,
)
from lambdas.shared.customization import Customization, parse_customization
from lambdas.shared.errors import InvalidEvent
from lambdas.shared.fields import Fields
from lambdas.shared.measuring import Documents, EmbeddingModel, Judge, beside
from lambdas.shared.metrics import METRICS_OF_KIND
from lambdas.shared.shares import Divided
from lambdas.shared.split import TEST_SET, Short, Split, parse_split
from lambdas.shared.targets import Target, target_document, target_of

__all__ = [
    "EMBEDDINGS",
    "EXTRACTIVE",
    "FEW_SHOT",
    "RETRIEVAL",
    "SEARCHES",
    "STRATEGIES",
    "WORDS",
    "ZERO_SHOT",
    "Candidate",
    "Run",
    "parse_candidate",
    "parse_run",
    "run_of",
]

APPROVALS = ("manual", "automatic")
SERVICES = ("sagemaker", "bedrock")
# As `selection.sample_size` is bounded by the settings.
MOST_ASKED = 10_000


@dataclass(frozen=True)
class Run:
    """Everything that is settled before a run's first job starts.

    Attributes:
        split: how its records are divided; None in a run that began before its document said so. Functions are deployed
            while runs wait for approval, or to be redriven.
    """

    run_id: str
    execution_arn: str
    dataset: str
    task_kind: str
    instruction: str
    minimum_records: int
    split: Split | None
    metric: str
    floor: float
    sample_size: int
    max_output_tokens: int
    candidates: tuple[Candidate, ...]
    tuning_enabled: bool
    tuning: dict[str, str]
    approval: str
    champion: Target | None
    champion_model_data_url: str
    documents: Documents | None = None
    embeddings: EmbeddingModel | None = None
    judge: Judge | None = None
    tuning_service: str = "sagemaker"
    customization: Customization | None = None

    @property
    def curated_prefix(self) -> str:
        """Where this run's curated (and, in its own bucket, quarantined) records lie."""
        return f"{self.dataset}/run={self.run_id}/"

    @property
    def models_prefix(self) -> str:
        """Where everything about this run's models lies."""
        return f"run={self.run_id}/"

    def remedy(self, *short: Short, records: float | None = None, divided: Divided | None = None) -> str:
        """Say what to set so that each side that is short holds enough: see `Split.remedy`."""
        if self.split:
            return self.split.remedy(*short, records=records, divided=divided)
        sides = [one.side for one in short]
        own = f", or {TEST_SET}" if "test" in sides else ""
        return f"Enlarge {' and '.join(f'data.split.{side}' for side in sides)}{own}, or bring more usable records."

    def document(self) -> dict[str, object]:
        """Give the JSON object that travels through the state machine."""
        parameters = [{"Name": name, "Value": value} for name, value in sorted(self.tuning.items())]
        return {
            "run_id": self.run_id,
            "execution_arn": self.execution_arn,
            "dataset": self.dataset,
            "raw_prefix": f"{self.dataset}/",
            "curated_prefix": self.curated_prefix,
            "quarantine_prefix": self.curated_prefix,
            "models_prefix": self.models_prefix,
            "task": {"kind": self.task_kind, "instruction": self.instruction},
            "minimum_records": self.minimum_records,
            "split": self.split.document() if self.split else None,
            "metric": self.metric,
            "floor": self.floor,
            "sample_size": self.sample_size,
            "max_output_tokens": self.max_output_tokens,
            "candidates": [asdict(candidate) for candidate in self.candidates],
            "tuning_enabled": self.tuning_enabled,
            "tuning": self.tuning,
            "pipeline_parameters": parameters,
            "approval": self.approval,
            "champion": target_document(self.champion) if self.champion else None,
            "champion_model_data_url": self.champion_model_data_url,
            "tuning_service": self.tuning_service,
            "customization": self.customization.document() if self.customization else None,
            "documents": asdict(self.documents) if self.documents else None,
            "embeddings": asdict(self.embeddings) if self.embeddings else None,
            "judge": asdict(self.judge) if self.judge else None,
        }


def parse_run(fields: Fields) -> Run:
    """Read the object that `Run.document` gives.

    Raises:
        InvalidEvent: a field is missing or wrong.
    """
    task, tuning = fields.fields("task"), fields.fields("tuning")
    metric, approval = fields.text("metric"), fields.text("approval")
    kind = task.text("kind")
    if metric not in METRICS_OF_KIND.get(kind, ()):
        raise fields.complaint(f"The metric {metric!r} is not one of {_metrics_in_words(kind)}")
    if approval not in APPROVALS:
        raise fields.complaint(f"The approval {approval!r} is not one of {', '.join(APPROVALS)}")
    return Run(
        run_id=fields.text("run_id"),
        execution_arn=fields.text("execution_arn", default="unknown"),
        dataset=fields.text("dataset"),
        task_kind=kind,
        instruction=task.text("instruction"),
        minimum_records=fields.integer("minimum_records", minimum=1),
        split=parse_split(fields.fields("split")) if "split" in fields else None,
        metric=metric,
        floor=_floor(fields),
        sample_size=fields.integer("sample_size", minimum=1, maximum=MOST_ASKED),
        max_output_tokens=fields.integer("max_output_tokens", minimum=1),
        candidates=tuple(parse_candidate(item) for item in fields.items("candidates")),
        tuning_enabled=fields.flag("tuning_enabled"),
        tuning={name: tuning.text(name) for name in tuning},
        approval=approval,
        champion=target_of(fields.fields("champion")) if "champion" in fields else None,
        champion_model_data_url=fields.text("champion_model_data_url"),
        tuning_service=_service(fields),
        customization=parse_customization(fields.fields("customization")) if "customization" in fields else None,
        **beside(fields),
    )


def _service(fields: Fields) -> str:
    service = fields.text("tuning_service", default="sagemaker")
    if service not in SERVICES:
        raise fields.complaint(f"The tuning service {service!r} is not one of {', '.join(SERVICES)}")
    if service == "bedrock" and "customization" not in fields:
        raise fields.complaint("Bedrock is to tune, and nothing says which model")
    return service


def run_of(event: object) -> tuple[Run, Fields]:
    """Read the run out of an event; give the event's fields too."""
    fields = Fields(event, "the event", InvalidEvent, "Pass the run as resolve_run returned it.")
    return parse_run(fields.fields("run")), fields


def _floor(fields: Fields) -> float:
    floor = fields.number("floor")
    if not 0 < floor < 1:
        raise fields.complaint(f"The quality floor is {floor}; a gate needs one above 0 and below 1")
    return floor


def _metrics_in_words(kind: str) -> str:
    if kind not in METRICS_OF_KIND:
        return f"any for the kind of task {kind!r}, which there is not; kinds are {', '.join(METRICS_OF_KIND)}"
    return f"those for {kind}: {', '.join(METRICS_OF_KIND[kind])}"
