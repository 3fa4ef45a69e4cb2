"""Customization jobs: what the operations answer. `twin.bedrock.control.training` does the work."""

from __future__ import annotations

from collections.abc import Callable

from twin.bedrock.control import errors, store, training
from twin.emulator import hooks
from twin.emulator.hooks import Json, Request
from twin.support import ANY
from twin.weights.stand_ins import STAND_INS, StandIn, customizable

PRINCIPAL = "bedrock.amazonaws.com"
# The account's quota of jobs in progress.
MOST_JOBS = 2
_INTERRUPTED = "InternalServerError: the emulator ended while the job ran."
_TYPES = frozenset({"FINE_TUNING"})


def create_job(request: Request, parameters: Json) -> Json:
    """CreateModelCustomizationJob: the job runs from here on."""
    begin = store.prefix(request)
    token = parameters.get("clientRequestToken")
    for known in store.of("job", begin):
        if token and known["clientRequestToken"] == token:
            return {"jobArn": known["jobArn"]}
    stand_in = _base(parameters["baseModelIdentifier"])
    hyperparameters = _hyperparameters(stand_in, parameters.get("hyperParameters") or {})
    for kind, key, name in (
        ("job", "jobName", parameters["jobName"]),
        ("model", "modelName", parameters["customModelName"]),
    ):
        if store.find("job" if kind == "job" else "model", name, key, begin):
            raise errors.conflict(f"The {kind} name {name} is already in use.")
    if sum(one["status"] in ("InProgress", "Stopping") for one in store.of("job", begin)) >= MOST_JOBS:
        raise errors.quota(f"The account may have {MOST_JOBS} customization jobs in progress.")
    arn = f"{begin}model-customization-job/{stand_in.base_model_id}/{store.new_id()}"
    _require_role(parameters["roleArn"], arn)
    record = store.add("job", arn, _record(request, parameters, stand_in, hyperparameters, arn))
    training.CustomizationJob(record, stand_in).start()
    return {"jobArn": arn}


def _base(identifier: str) -> StandIn:
    stand_in = customizable(identifier)
    if stand_in is None:
        known = ", ".join(one.base_model_id for one in STAND_INS.values())
        raise errors.validation(
            f"The provided model identifier is invalid, or the model cannot be customized here: {identifier}. Here "
            f"local weights stand in for {known}."
        )
    return stand_in


def _hyperparameters(stand_in: StandIn, given: dict[str, str]) -> dict[str, str]:
    """All hyperparameters of a job, with the service's defaults; raise ValidationException for those it refuses."""
    for name, text in given.items():
        if name not in stand_in.hyperparameters:
            known = ", ".join(stand_in.hyperparameters)
            raise errors.validation(f"Invalid hyperparameter {name} for {stand_in.base_model_id}: it takes {known}.")
        least, most, default = stand_in.hyperparameters[name]
        value = _number(name, text, whole=isinstance(default, int))
        if not least <= value <= most:
            raise errors.validation(f"The hyperparameter {name} is {text}; it must be between {least:g} and {most:g}.")
    defaults = {name: f"{default:g}" for name, (_, _, default) in stand_in.hyperparameters.items()}
    return {**defaults, **given}


def _number(name: str, text: str, *, whole: bool) -> float:
    try:
        return int(text) if whole else float(text)
    except ValueError:
        kind = "a whole number" if whole else "a number"
        raise errors.validation(f"The hyperparameter {name} must be {kind}; it is {text!r}.") from None


def _require_role(role_arn: str, job_arn: str) -> None:
    try:
        hooks.role_credentials(role_arn, "BedrockModelCustomization", PRINCIPAL, job_arn)
    except hooks.RoleNotAssumableError as error:
        raise errors.validation(
            f"Could not assume provided IAM role. Please ensure that the role exists and allows {PRINCIPAL} to assume "
            f"it. {error}"
        ) from error


def _record(request: Request, parameters: Json, stand_in: StandIn, hyperparameters: Json, arn: str) -> Json:
    now = store.now()
    key = parameters.get("customModelKmsKeyId")
    return {
        "jobArn": arn,
        "jobName": parameters["jobName"],
        "outputModelName": parameters["customModelName"],
        "clientRequestToken": parameters.get("clientRequestToken"),
        "roleArn": parameters["roleArn"],
        "status": "InProgress",
        "statusDetails": {stage: {"status": "NotStarted"} for stage in training.STAGES},
        "creationTime": now,
        "lastModifiedTime": now,
        "baseModelArn": f"arn:aws:bedrock:{request.region}::foundation-model/{stand_in.base_model_id}",
        "hyperParameters": hyperparameters,
        "trainingDataConfig": parameters["trainingDataConfig"],
        "validationDataConfig": parameters.get("validationDataConfig", {"validators": []}),
        "outputDataConfig": parameters["outputDataConfig"],
        "customizationType": parameters.get("customizationType", "FINE_TUNING"),
        **({"outputModelKmsKeyArn": key} if key else {}),
        "_modelTags": parameters.get("customModelTags", []),
        "_tags": parameters.get("jobTags", []),
    }


def _job(request: Request, parameters: Json) -> tuple[str, Json]:
    identifier = parameters["jobIdentifier"]
    found = store.find("job", identifier, "jobName", store.prefix(request))
    if found is None:
        raise errors.not_found(f"The provided job identifier is not found: {identifier}")
    return found


def get_job(request: Request, parameters: Json) -> Json:
    """GetModelCustomizationJob."""
    return store.shown(_job(request, parameters)[1])


def stop_job(request: Request, parameters: Json) -> Json:
    """StopModelCustomizationJob: the job's process is told to end, and no model is left."""
    arn, record = _job(request, parameters)
    if record["status"] != "InProgress":
        raise errors.conflict(f"The job {record['jobName']} is {record['status']} and cannot be stopped.")
    store.update(record, status="Stopping", lastModifiedTime=store.now())
    training.stop(arn)
    return {}


def close_interrupted(record: Json) -> None:
    """Fail a job that ran when the emulator ended."""
    if record["status"] in ("InProgress", "Stopping"):
        store.update(record, status="Failed", failureMessage=_INTERRUPTED, endTime=store.now())


def stop_all() -> None:
    """Stop every job: the emulator ends."""
    training.stop_all()


OPERATIONS: dict[str, tuple[Callable[[Request, Json], Json], Json]] = {
    "CreateModelCustomizationJob": (
        create_job,
        {
            "jobName": ANY,
            "customModelName": ANY,
            "roleArn": ANY,
            "clientRequestToken": ANY,
            "baseModelIdentifier": ANY,
            "customizationType": _TYPES,
            "customModelKmsKeyId": ANY,
            "jobTags": ANY,
            "customModelTags": ANY,
            "trainingDataConfig": {"s3Uri": ANY},
            "validationDataConfig": ANY,
            "outputDataConfig": ANY,
            "hyperParameters": ANY,
        },
    ),
    "GetModelCustomizationJob": (get_job, {"jobIdentifier": ANY}),
    "StopModelCustomizationJob": (stop_job, {"jobIdentifier": ANY}),
}
