"""A customization job: the project's own training on the weights that stand in for the model, as a process.

All weights are trained, by the rate that the job names: what Bedrock does inside it does not tell. The script has the
container's contract that SageMaker's jobs have, `SM_CHANNEL_…` in and `SM_MODEL_DIR` out.
"""

from __future__ import annotations

import json
import logging
import math
import os
import shutil
import sys
import threading
from pathlib import Path
from typing import Any, Literal

from botocore.exceptions import ClientError

from twin import credentials
from twin.bedrock.control import metrics, store, training_data
from twin.bedrock.control.failure import MOST_CHARACTERS, JobFailedError, JobStoppedError
from twin.bedrock.control.models import folder_of
from twin.emulator import hooks
from twin.emulator.hooks import Json
from twin.events import emit, emit_line
from twin.processes import run_process
from twin.sagemaker.directory import ContainerDirectory
from twin.sagemaker.transfer import TransferError
from twin.weights.stand_ins import StandIn

STAGES = ("dataProcessingDetails", "trainingDetails", "validationDetails")
SOURCE = "bedrock.customization"
SESSION = "BedrockModelCustomization"
PRINCIPAL = "bedrock.amazonaws.com"
# Bedrock tells no batch size of the models that stand-ins stand for, and takes none.
_BATCH_SIZE = 4
_MAX_LENGTH = 256
_REPOSITORY = Path(__file__).resolve().parents[3]

_log = logging.getLogger(__name__)
_running: dict[str, CustomizationJob] = {}


class CustomizationJob:
    """One job. `record` is what GetModelCustomizationJob answers; the job writes its progress there."""

    def __init__(self, record: Json, stand_in: StandIn) -> None:
        self.record, self.stand_in = record, stand_in
        self.arn, self.name = record["jobArn"], record["jobName"]
        self.stopped = threading.Event()
        self.abandoned = False

    def start(self) -> None:
        """Run on a thread of its own."""
        _running[self.arn] = self
        hooks.in_background(f"{SOURCE} {self.name}", self.run)

    # ---- life -------------------------------------------------------------------------------------------

    def run(self) -> None:
        """Do the whole of it on this thread; whatever happens ends up in the record."""
        emit("started", SOURCE, self.name, arn=self.arn)
        status, reason = "Completed", ""
        try:
            self._work()
        except JobStoppedError:
            status = "Stopped"
        except JobFailedError as failure:
            status, reason = "Failed", str(failure)
        except (TransferError, hooks.RoleNotAssumableError) as error:
            status, reason = "Failed", str(error)
        except ClientError as error:
            status, reason = "Failed", error.response["Error"].get("Message", str(error))
        except Exception as error:
            _log.exception("The job %s ended in an error of the emulator's own.", self.arn)
            status, reason = "Failed", f"The local run of the job has a defect: {error!r}"
        _running.pop(self.arn, None)
        self._end(status, reason[:MOST_CHARACTERS])

    def _end(self, status: str, reason: str) -> None:
        now = store.now()
        details = {
            stage: {**detail, "status": status, "lastModifiedTime": now} if detail["status"] == "InProgress" else detail
            for stage, detail in self.record["statusDetails"].items()
        }
        failure = {"failureMessage": reason} if reason else {}
        store.update(self.record, statusDetails=details, endTime=now, lastModifiedTime=now, **failure)
        # The status last: whoever waits for it reads the rest at once.
        store.update(self.record, status=status)
        emit("finished", SOURCE, self.name, arn=self.arn, status=status, message=reason)

    def _enter(self, stage: str) -> None:
        """One stage is over, and the next has begun."""
        now, details = store.now(), {}
        for name, detail in self.record["statusDetails"].items():
            if name == stage:
                details[name] = {"status": "InProgress", "creationTime": now, "lastModifiedTime": now}
            elif detail["status"] == "InProgress":
                details[name] = {**detail, "status": "Completed", "lastModifiedTime": now}
            else:
                details[name] = detail
        store.update(self.record, statusDetails=details, lastModifiedTime=now)
        emit("progress", SOURCE, self.name, phase=stage.removesuffix("Details"))

    def check_stop(self) -> None:
        """Raise JobStoppedError once the job was told to stop."""
        if self.stopped.is_set():
            raise JobStoppedError

    # ---- work -------------------------------------------------------------------------------------------

    def _work(self) -> None:
        role = credentials.role_environment(self.record["roleArn"], SESSION, PRINCIPAL, self.arn)
        s3 = credentials.client_from(role, "s3")
        directory = ContainerDirectory("bedrock-customization", self.name)
        try:
            self._enter("dataProcessingDetails")
            records = self._data(s3, directory)
            self.check_stop()
            self._enter("trainingDetails")
            report = self._train(directory, records)
            self._enter("validationDetails")
            self._put_metrics(s3, directory, report)
            self.check_stop()
            self._keep_model(directory, report)
        finally:
            directory.remove()

    def _data(self, s3: Any, directory: ContainerDirectory) -> int:
        given = directory.folder("/opt/ml/given")
        training = training_data.fetch(s3, self.record["trainingDataConfig"]["s3Uri"], given / "train.jsonl")
        validation = None
        if validators := self.record["validationDataConfig"].get("validators"):
            validation = training_data.fetch(s3, validators[0]["s3Uri"], given / "validation.jsonl")
        training_data.judge(self.stand_in, training, validation, directory.environment())
        self.validates = validation is not None
        return training_data.write_channels(training, validation, directory.folder("/opt/ml/input/data"))

    def _train(self, directory: ContainerDirectory, records: int) -> Json:
        model = self.stand_in.checkpoint(Path(os.environ["FOURFOLD_WORK_DIR"]) / "cache")
        artifact = directory.folder("/opt/ml/model")
        inputs = directory.path("/opt/ml/input/data")
        variables = {
            **directory.environment(),
            "PYTHONPATH": str(_REPOSITORY),
            "SM_CHANNEL_TRAIN": str(inputs / "train"),
            "SM_CHANNEL_VALIDATION": str(inputs / "validation"),
            "SM_CHANNEL_MODEL": str(model),
            "SM_MODEL_DIR": str(artifact),
        }
        argv = [sys.executable, "-m", "pipelines.tuning.train", *self._arguments(records)]
        done = run_process(argv, env=variables, cwd=_REPOSITORY, on_line=self._take_line, stop=self.stopped, merge=True)
        if done.ended == "stopped":
            raise JobStoppedError
        if done.returncode != 0:
            failure = directory.path("/opt/ml/output/failure")
            said = failure.read_text(errors="replace") if failure.exists() else "\n".join(done.tail[-5:])
            raise JobFailedError(f"The training failed. {said}")
        report: Json = json.loads((artifact / "training.json").read_text())
        return report

    def _take_line(self, line: str, _stream: Literal["stdout", "stderr"]) -> None:
        emit_line(SOURCE, self.name, line)

    def _arguments(self, records: int) -> list[str]:
        given = self.record["hyperParameters"]
        batch = int(given.get("batchSize", _BATCH_SIZE))
        epochs = int(given["epochCount"])
        steps = epochs * math.ceil(records / batch)
        warm_up = min(0.9, int(given.get("learningRateWarmupSteps", 0)) / steps)
        arguments = {
            "method": "full",
            "epochs": str(epochs),
            "learning_rate": given["learningRate"],
            "warm_up": f"{warm_up:.4f}",
            "batch_size": str(batch),
            "max_length": str(_MAX_LENGTH),
            "max_examples": str(records),
        }
        return [word for name, value in arguments.items() for word in (f"--{name}", value)]

    def _put_metrics(self, s3: Any, directory: ContainerDirectory, report: Json) -> None:
        base = f"{self.record['outputDataConfig']['s3Uri'].rstrip('/')}/model-customization-job-{self.arn[-12:]}"
        epochs = int(self.record["hyperParameters"]["epochCount"])
        metrics.put(s3, directory.folder("/opt/ml/metrics"), base, report, epochs, validated=self.validates)
        curve = report["curve"]
        store.update(
            self.record,
            trainingMetrics={"trainingLoss": curve[-1]["loss"]},
            validationMetrics=[{"validationLoss": report["loss_after"]}] if self.validates else [],
        )

    def _keep_model(self, directory: ContainerDirectory, report: Json) -> None:
        model_id = store.new_id()
        begin = self.arn.partition("model-customization-job/")[0]
        arn = f"{begin}custom-model/{self.stand_in.base_model_id}/{model_id}"
        folder = folder_of(model_id)
        folder.mkdir(parents=True)
        shutil.move(directory.path("/opt/ml/model") / "model.gguf", folder / "model.gguf")
        record, key = self.record, self.record.get("outputModelKmsKeyArn")
        store.add(
            "model",
            arn,
            {
                "modelArn": arn,
                "modelName": record["outputModelName"],
                "jobName": record["jobName"],
                "jobArn": self.arn,
                "baseModelArn": record["baseModelArn"],
                "customizationType": record["customizationType"],
                **({"modelKmsKeyArn": key} if key else {}),
                "hyperParameters": record["hyperParameters"],
                "trainingDataConfig": record["trainingDataConfig"],
                "validationDataConfig": record["validationDataConfig"],
                "outputDataConfig": record["outputDataConfig"],
                "trainingMetrics": record["trainingMetrics"],
                "validationMetrics": record["validationMetrics"],
                "creationTime": store.now(),
                "modelStatus": "Active",
                "_tags": record["_modelTags"],
                "_examples": report["examples"],
            },
        )
        store.update(self.record, outputModelArn=arn)


def stop(arn: str) -> None:
    """Tell a running job to stop."""
    if job := _running.get(arn):
        job.stopped.set()


def stop_all() -> None:
    """Tell every job to stop: the emulator ends."""
    for job in list(_running.values()):
        job.abandoned = True
        job.stopped.set()
