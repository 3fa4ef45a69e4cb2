"""What the steps of a pipeline do: they call SageMaker with the pipeline's role, so that IAM judges each call."""

from __future__ import annotations

import json
import secrets
import string
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from twin import credentials
from twin.emulator.hooks import Json
from twin.sagemaker.job_calls import JOBS, JobCalls
from twin.sagemaker.pipeline import caching
from twin.sagemaker.pipeline.engine import StepState
from twin.sagemaker.pipeline.expressions import ExpressionError
from twin.sagemaker.pipeline.retries import StepFailedError, StepStoppedError
from twin.sagemaker.pipeline.steps import Step
from twin.sagemaker.roles import PRINCIPAL
from twin.sagemaker.store import Kind, Store
from twin.sagemaker.transfer import split_uri

_POLL_S = 0.2
_SUFFIX = string.ascii_letters + string.digits
# A tuning job's trials that a step's properties have.
_MOST_SUMMARIES = 50
_THROTTLED = frozenset({"ThrottlingException", "Throttling", "TooManyRequestsException"})
# How a job's FailureReason begins, and the exception type that a retry policy names it by.
_JOB_EXCEPTIONS = {
    "InternalServerError": "SageMaker.JOB_INTERNAL_ERROR",
    "CapacityError": "SageMaker.CAPACITY_ERROR",
    "ResourceLimitExceeded": "SageMaker.RESOURCE_LIMIT",
}


class StepCalls:
    """The executor of one execution's steps; see `pipeline.engine.Executor`."""

    def __init__(
        self, store: Store, pipeline: Json, execution_arn: str, on_change: Callable[[StepState], None]
    ) -> None:
        self._store, self._pipeline, self._execution_arn = store, pipeline, execution_arn
        self._on_change = on_change
        self._role = credentials.role_environment(pipeline["RoleArn"], "SageMaker", PRINCIPAL)
        self._sagemaker = credentials.client_from(self._role, "sagemaker")
        self._s3 = credentials.client_from(self._role, "s3")

    # ---- caching ----------------------------------------------------------------------------------------

    def recall(self, step: Step, arguments: Json) -> tuple[Json, Json, str] | None:
        """What an earlier execution of this pipeline left for the same step."""
        entries = self._cache()["entries"]
        hit = caching.latest_hit(entries, caching.cache_key(step, arguments), step.cache_for_s or 0)
        return (hit["properties"], hit["metadata"], hit["execution"]) if hit else None

    def _remember(self, step: Step, arguments: Json, state: StepState, properties: Json) -> None:
        entry = {
            "key": caching.cache_key(step, arguments),
            "time": time.time(),
            "properties": properties,
            "metadata": state.metadata,
            "execution": self._execution_arn,
        }
        with self._store.lock:
            self._cache()["entries"].append(entry)

    def _cache(self) -> Json:
        return self._store.of("cache").setdefault(self._pipeline["PipelineArn"], {"entries": []})

    # ---- steps ------------------------------------------------------------------------------------------

    def execute(self, step: Step, arguments: Json, state: StepState, stop: threading.Event) -> Json:
        """Do the step's work and give its properties. Raises StepFailedError or StepStoppedError."""
        if step.type in JOBS:
            properties = self._run_job(JOBS[step.type], step, arguments, state, stop)
            self._remember(step, arguments, state, properties)
            return properties
        if step.type == "Model":
            name = self._name(step, 63)
            arn = self._call("create_model", step, ModelName=name, **arguments)["ModelArn"]
            state.metadata["Model"] = {"Arn": arn}
            return self._record("model", name)
        arn = self._call("create_model_package", step, **arguments)["ModelPackageArn"]
        state.metadata["RegisterModel"] = {"Arn": arn}
        return self._record("model-package", arn)

    def _record(self, kind: Kind, name: str) -> Json:
        record = self._store.find(kind, name)
        if record is None:  # somebody deleted it in the same moment
            raise StepFailedError(f"ClientError: {name} does not exist.")
        return dict(record)

    def _name(self, step: Step, longest: int) -> str:
        execution = self._execution_arn.rpartition("/")[2]
        suffix = "".join(secrets.choice(_SUFFIX) for _ in range(10))
        # The short name of a tuning job has no room for more.
        before = f"pipelines-{execution}" if longest > 32 else execution
        room = longest - len(f"{before}--{suffix}")
        return f"{before}-{step.name[:room].rstrip('-')}-{suffix}"

    def _run_job(self, calls: JobCalls, step: Step, arguments: Json, state: StepState, stop: threading.Event) -> Json:
        name_member = f"{calls.noun}Name"
        names = {name_member: self._name(step, calls.longest_name)}
        state.metadata[calls.metadata] = {
            "Arn": self._call(calls.create, step, **names, **arguments)[f"{calls.noun}Arn"]
        }
        self._on_change(state)
        stopping = False
        while True:
            job = self._call(calls.describe, step, **names)
            status = job[f"{calls.noun}Status"]
            if status == "Completed":
                return _plain({**job, **self._trials(step, job)})
            if status in ("Failed", "Stopped"):
                break
            if stop.wait(_POLL_S) and not stopping:
                self._stop(calls, step, names)
                stopping = True
            elif stopping:
                time.sleep(_POLL_S)
        if stop.is_set():
            raise StepStoppedError
        reason = job.get("FailureReason") or f"The job {names[name_member]} was stopped."
        raise StepFailedError(reason, job_exceptions(reason))

    def _trials(self, step: Step, job: Json) -> Json:
        """What a tuning step's properties have besides its job: the trials, the best first."""
        if step.type != "Tuning":
            return {}
        best_first = job["HyperParameterTuningJobConfig"]["HyperParameterTuningJobObjective"]["Type"] == "Minimize"
        return self._call(
            "list_training_jobs_for_hyper_parameter_tuning_job",
            step,
            HyperParameterTuningJobName=job["HyperParameterTuningJobName"],
            SortBy="FinalObjectiveMetricValue",
            SortOrder="Ascending" if best_first else "Descending",
            MaxResults=_MOST_SUMMARIES,
        )

    def _stop(self, calls: JobCalls, step: Step, names: Json) -> None:
        try:
            self._call(calls.stop, step, **names)
        except StepFailedError as error:
            # It ended in the same moment; the next look at it tells how.
            if "The request was rejected because" not in str(error):
                raise

    def _call(self, method: str, step: Step, **arguments: Any) -> Json:
        operation = "".join(part.capitalize() for part in method.split("_"))
        head = f"ClientError: Failed to invoke sagemaker:{operation}. Error Details:"
        try:
            answer: Json = getattr(self._sagemaker, method)(**arguments)
        except ClientError as error:
            message = error.response["Error"].get("Message", str(error))
            raise StepFailedError(f"{head} {message}", _call_exceptions(error)) from error
        except BotoCoreError as error:
            raise StepFailedError(f"{head} {error} (step {step.name})") from error
        answer.pop("ResponseMetadata")
        return answer

    # ---- property files ---------------------------------------------------------------------------------

    def property_file(self, step: Step, name: str, properties: Mapping[str, Any]) -> Any:
        """The JSON of a step's property file, from S3. Raises ExpressionError."""
        output_name, path = step.property_files[name]
        outputs = properties["ProcessingOutputConfig"]["Outputs"]
        output = next((one for one in outputs if one["OutputName"] == output_name), None)
        if output is None:
            raise ExpressionError(f"Step {step.name} has no output {output_name} to read {name} from.")
        bucket, key = split_uri(f"{output['S3Output']['S3Uri'].rstrip('/')}/{path}")
        try:
            return json.loads(self._s3.get_object(Bucket=bucket, Key=key)["Body"].read())
        except ClientError as error:
            message = error.response["Error"].get("Message", str(error))
            raise ExpressionError(f"The property file s3://{bucket}/{key} cannot be read. {message}") from error
        except ValueError as error:
            raise ExpressionError(f"The property file s3://{bucket}/{key} is not JSON: {error}") from error


def _plain(answer: Json) -> Json:
    """An answer as JSON: dates become text."""
    plain: Json = json.loads(json.dumps(answer, default=str))
    return plain


def _call_exceptions(error: ClientError) -> frozenset[str]:
    code = error.response["Error"]["Code"]
    if code in _THROTTLED:
        return frozenset({"Step.THROTTLING"})
    if code == "ResourceLimitExceeded":
        return frozenset({"SageMaker.RESOURCE_LIMIT"})
    fault = error.response["ResponseMetadata"]["HTTPStatusCode"] >= 500
    return frozenset({"Step.SERVICE_FAULT"}) if fault else frozenset()


def job_exceptions(reason: str) -> frozenset[str]:
    return frozenset(name for start, name in _JOB_EXCEPTIONS.items() if reason.startswith(start))
