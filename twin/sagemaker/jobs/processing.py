"""A processing job: a command of the caller's over inputs from S3, whose outputs go back there.

SageMaker mounts inputs and outputs under `/opt/ml/processing` of the container. Here they lie under the job's own
directory: in the command, its arguments and the job's environment variables, paths under `/opt/ml` are replaced
accordingly. A script that has such paths in its own text finds the directory in `SAGEMAKER_BASE_DIR`.
"""

from __future__ import annotations

import time
from pathlib import PurePosixPath

from twin.emulator.hooks import Json
from twin.events import emit
from twin.sagemaker import transfer
from twin.sagemaker.directory import CONTAINER_ROOT, HOST
from twin.sagemaker.jobs.failure import algorithm_error, client_error
from twin.sagemaker.jobs.job import Job, JobStoppedError
from twin.sagemaker.store import Store

_CONFIG = "/opt/ml/config"
_EXIT_MESSAGE = "/opt/ml/output/message"
_MOST_OF_A_MESSAGE = 1024


class ProcessingJob(Job):
    """One processing job; `record` is what DescribeProcessingJob answers."""

    source = "sagemaker.processing"
    log_group = "/aws/sagemaker/ProcessingJobs"
    status_key = "ProcessingJobStatus"

    def __init__(self, store: Store, record: Json) -> None:
        super().__init__(store, record, record["ProcessingJobName"], record["ProcessingJobArn"])

    @property
    def instance_type(self) -> str:
        """The instance type that the job asks for."""
        return str(self.record["ProcessingResources"]["ClusterConfig"]["InstanceType"])

    def work(self) -> None:
        """Fetch the inputs, run the command, put the outputs."""
        emit("progress", self.source, self.name, phase="downloading")
        for given in self.record.get("ProcessingInputs") or ():
            source = given["S3Input"]
            transfer.download_prefix(self.s3, source["S3Uri"], self.directory.folder(_local_path(source)))
            self.check_stop()
        for output in self._outputs():
            self.directory.folder(_local_path(output))
        self.directory.write_json(f"{_CONFIG}/processingjobconfig.json", self._configuration())
        self.directory.write_json(f"{_CONFIG}/resourceconfig.json", {"current_host": HOST, "hosts": [HOST]})
        self.directory.folder("/opt/ml/output")
        self.store.update(self.record, ProcessingStartTime=time.time())
        self._run_command()
        self.check_stop()
        self._put_outputs()

    def ended(self, status: str, now: float) -> Json:  # noqa: ARG002 - processing has no secondary status
        """When it ended, with the message that the command left."""
        return {"ProcessingEndTime": now}

    def _configuration(self) -> Json:
        """processingjobconfig.json: the request."""
        names = ("ProcessingInputs", "ProcessingOutputConfig", "AppSpecification", "ProcessingResources", "RoleArn")
        return {
            "ProcessingJobName": self.name,
            "ProcessingJobArn": self.arn,
            **{name: self.record[name] for name in names if name in self.record},
        }

    def _run_command(self) -> None:
        application = self.record["AppSpecification"]
        command = [*(application.get("ContainerEntrypoint") or ()), *(application.get("ContainerArguments") or ())]
        if not application.get("ContainerEntrypoint"):
            raise client_error("AppSpecification.ContainerEntrypoint must name the command: the image has none here.")
        variables = {
            name: self.directory.localize(value) for name, value in (self.record.get("Environment") or {}).items()
        }
        isolated = bool((self.record.get("NetworkConfig") or {}).get("EnableNetworkIsolation"))
        argv = [self.directory.localize(part) for part in command]
        completed = self.run_script(argv, variables, CONTAINER_ROOT, network=not isolated)
        self._take_exit_message()
        if completed.ended == "stopped":
            raise JobStoppedError
        if completed.ended == "timed out":
            raise JobStoppedError("The processing job exceeded its MaxRuntimeInSeconds and was stopped.")
        if completed.returncode != 0:
            raise algorithm_error(
                f"The command ended with exit code {completed.returncode}. The log ends:", completed.tail
            )

    def _take_exit_message(self) -> None:
        message = self.directory.path(_EXIT_MESSAGE)
        if message.exists():
            self.store.update(self.record, ExitMessage=message.read_text(errors="replace")[:_MOST_OF_A_MESSAGE])

    def _outputs(self) -> list[Json]:
        configured = (self.record.get("ProcessingOutputConfig") or {}).get("Outputs") or ()
        return [output["S3Output"] | {"OutputName": output["OutputName"]} for output in configured]

    def _put_outputs(self) -> None:
        key = (self.record.get("ProcessingOutputConfig") or {}).get("KmsKeyId") or None
        log = self.completed.tail if self.completed else []
        for output in self._outputs():
            folder = self.directory.path(_local_path(output))
            if transfer.upload_folder(self.s3, folder, output["S3Uri"], key) == 0:
                raise algorithm_error(
                    f"The command ended well and left nothing in {output['LocalPath']}, where the job's output "
                    f"{output['OutputName']} should be. The log ends:",
                    log,
                )


def _local_path(mount: Json) -> str:
    path = str(mount.get("LocalPath", ""))
    if PurePosixPath("/opt/ml/processing") not in PurePosixPath(path).parents or ".." in path.split("/"):
        raise client_error(f"LocalPath must lie under /opt/ml/processing/, not '{path}'.")
    return path
