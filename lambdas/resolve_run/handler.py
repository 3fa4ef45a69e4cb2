"""Settle what a run works with: the deployed settings, the execution's overrides, and the current champion.

Event: ``{"execution_name", "execution_arn"?, "input": {…}}``; the input nests like the settings, for instance
``{"dataset": "news", "tuning": {"epochs": 2}}``, and ``{}`` changes nothing.
Result: the run, see `lambdas.shared.run`.
Errors: InvalidRunInput (with every problem at once), InvalidRunSettings, InvalidTarget.
Environment: RUN_SETTINGS_PARAMETER, RUN_BOUNDS_PARAMETER, TARGET_PARAMETER, MODEL_DATA_URL_PARAMETER,
CURATED_BUCKET, MODELS_BUCKET.
IAM: ssm:GetParameter on the four parameters.
"""

from __future__ import annotations

import json
import re

from lambdas.resolve_run.overrides import InvalidRunInput, apply_overrides, gate_problems
from lambdas.resolve_run.parameters import pipeline_parameters
from lambdas.resolve_run.settings import InvalidRunSettings, RunSettings, parse_settings
from lambdas.shared import environment, log
from lambdas.shared.customization import customization_of
from lambdas.shared.errors import InvalidEvent
from lambdas.shared.fields import Fields
from lambdas.shared.function import Context, Event, workflow_function
from lambdas.shared.measuring import beside
from lambdas.shared.run import Run, parse_candidate
from lambdas.shared.split import split_of
from lambdas.shared.targets import NONE, SageMakerTarget, read_parameter, read_target

# The run's id becomes part of keys and commands, and the name of a pipeline execution, which neither begins nor
# ends with a hyphen. Names that EventBridge gives fit as well.
RUN_ID = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_-]{0,78}[A-Za-z0-9])?")


@workflow_function
def handle(event: Event, context: Context) -> dict[str, object]:  # noqa: ARG001
    """Build the run, or refuse the input."""
    fields = Fields(event, "the event", InvalidEvent)
    run_id = fields.text("execution_name")
    log.add(run_id=run_id)
    if not RUN_ID.fullmatch(run_id):
        raise InvalidRunInput(
            f"The execution name {run_id[:100]!r} cannot be a run's id",
            remedy="Use 1 to 80 letters, digits, hyphens and underscores, the first and the last a letter or a digit.",
        )
    parameters = [environment.required(name) for name in ("RUN_SETTINGS_PARAMETER", "RUN_BOUNDS_PARAMETER")]
    defaults, bounds = (_document(parameter) for parameter in parameters)
    where = " and ".join(f"SSM parameter {parameter}" for parameter in parameters)
    settings = parse_settings({"defaults": defaults, "bounds": bounds}, where)
    merged, problems = apply_overrides(settings, event.get("input") or {})
    problems += gate_problems(merged)
    if problems:
        raise InvalidRunInput.listing(problems)
    run = _run(run_id, fields.text("execution_arn", default="unknown"), settings, merged)
    return run.document() | {"preparation_settings": _preparation_settings(merged)}


def _preparation_settings(merged: Fields) -> str:
    """Give the task and data settings whole, as the JSON text that the preparation takes for an argument."""
    settings = {name: merged.fields(name).as_dict() for name in ("task", "data")}
    return json.dumps(settings, sort_keys=True, separators=(",", ":"))


def _document(parameter: str) -> object:
    try:
        return json.loads(read_parameter(parameter))
    except (ValueError, RecursionError):
        raise InvalidRunSettings(
            "The value is not JSON", where=f"SSM parameter {parameter}", remedy="Deploy the Foundation stack again."
        ) from None


def _run(run_id: str, execution_arn: str, settings: RunSettings, merged: Fields) -> Run:
    task, selection, tuning = merged.fields("task"), merged.fields("selection"), merged.fields("tuning")
    data, dataset = merged.fields("data"), merged.text("dataset")
    max_output_tokens = merged.fields("serving").integer("max_output_tokens", minimum=1)
    champion = read_target(environment.required("TARGET_PARAMETER"))
    champion_model_data_url = read_parameter(environment.required("MODEL_DATA_URL_PARAMETER"))
    return Run(
        run_id=run_id,
        execution_arn=execution_arn,
        dataset=dataset,
        task_kind=task.text("kind"),
        instruction=task.text("instruction"),
        minimum_records=data.integer("minimum_records", minimum=1),
        split=split_of(data),
        metric=selection.text("metric"),
        floor=selection.number("floor"),
        sample_size=selection.integer("sample_size", minimum=1),
        max_output_tokens=max_output_tokens,
        candidates=tuple(parse_candidate(item, index) for index, item in enumerate(settings.candidates)),
        tuning_enabled=tuning.flag("enabled"),
        tuning=pipeline_parameters(
            run_id,
            curated_uri=f"s3://{environment.required('CURATED_BUCKET')}/{dataset}/run={run_id}",
            models_uri=f"s3://{environment.required('MODELS_BUCKET')}",
            tuning=tuning,
            near_duplicates=data.fields("near_duplicates"),
            max_output_tokens=max_output_tokens,
            metric=selection.text("metric"),
            floor=selection.number("floor"),
            # A model that was tuned once and is not in use any more is no opponent.
            champion_model_data_url=champion_model_data_url if isinstance(champion, SageMakerTarget) else NONE,
        ),
        approval=merged.text("approval"),
        champion=champion,
        champion_model_data_url=champion_model_data_url,
        tuning_service=tuning.text("service", default="sagemaker"),
        customization=customization_of(run_id, tuning.fields("bedrock")) if "bedrock" in tuning else None,
        **beside(selection),
    )
