"""A training job on the Hugging Face training container, which is SageMaker's training toolkit around a script."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Literal

from botocore.exceptions import ClientError

from twin import credentials
from twin.emulator.hooks import Json
from twin.events import emit, emit_line, parse_progress
from twin.processes import Completed, OnLine
from twin.processes.ports import LOOPBACK, free_port
from twin.sagemaker.jobs import nodes, requirements
from twin.sagemaker.jobs.checkpoints import CheckpointSync
from twin.sagemaker.jobs.failure import algorithm_error, client_error
from twin.sagemaker.jobs.job import Job, JobStoppedError
from twin.sagemaker.jobs.metrics import Metrics
from twin.sagemaker.jobs.spot import SpotInstance
from twin.sagemaker.jobs.toolkit import Hyperparameters, environment, resource_configuration
from twin.sagemaker.jobs.training_inputs import CODE, fetch_channels, fetch_code
from twin.sagemaker.jobs.training_results import MODEL, OUTPUT, holds_files, put_results
from twin.sagemaker.store import Store

# From SIGTERM to SIGKILL, when a job is stopped and when EC2 takes a spot instance back.
NOTICE_S = 120.0
_POLL_S = 0.1
_MESSAGES = {
    "Starting": "Starting the training job",
    "Downloading": "Downloading input data",
    "Training": "Training job in progress",
    "Uploading": "Uploading generated training model",
    "Completed": "Training job completed",
    "Failed": "Training job failed",
    "Stopped": "Training job stopped",
    "Interrupted": "Training job interrupted: its spot instance was taken away",
    "MaxRuntimeExceeded": "Training job runtime exceeded MaxRuntimeInSeconds provided",
    "MaxWaitTimeExceeded": "Training job did not complete within the MaxWaitTimeInSeconds provided",
}


class TrainingJob(Job):
    """One training job; `record` is what DescribeTrainingJob answers."""

    source = "sagemaker.training"
    log_group = "/aws/sagemaker/TrainingJobs"
    status_key = "TrainingJobStatus"

    def __init__(self, store: Store, record: Json) -> None:
        super().__init__(store, record, record["TrainingJobName"], record["TrainingJobArn"])
        definitions = record["AlgorithmSpecification"].get("MetricDefinitions") or ()
        self.metrics = Metrics(definitions, self.name)
        self.spot = SpotInstance(self.name, bool(record.get("EnableManagedSpotTraining")))
        self._created = time.monotonic()
        self._ran_s, self.waited_s = 0.0, 0.0
        self._before: Completed | None = None
        self._limit = ""
        self.nodes: list[nodes.Node] = []
        self.channels: Json = {}

    @property
    def instance_type(self) -> str:
        """The instance type that the job asks for."""
        return str(self.record["ResourceConfig"]["InstanceType"])

    @property
    def hosts(self) -> int:
        """How many machines the job asks for."""
        return int(self.record["ResourceConfig"].get("InstanceCount") or 1)

    @property
    def grace_s(self) -> float:
        """How many seconds the script has to end after SIGTERM: none on a machine that is gone."""
        return NOTICE_S if self.spot.with_notice or not self.spot.lost else 0.0

    @property
    def limit_s(self) -> float:
        """How long the script may still run: all attempts together, and the waiting for spot instances."""
        return max(0.0, min(super().limit_s - self._ran_s, self._wait_left_s))

    @property
    def _wait_left_s(self) -> float:
        longest = self.record["StoppingCondition"].get("MaxWaitTimeInSeconds")
        return float("inf") if longest is None else float(longest) - (time.monotonic() - self._created)

    def work(self) -> None:
        """Fetch data and code, run the script, put what it left; on spot instances as often as one is lost."""
        try:
            self._work()
        finally:
            for node in self.nodes[1:]:
                node.directory.remove()

    def _work(self) -> None:
        parameters = Hyperparameters.of(self.record.get("HyperParameters") or {})
        while True:
            self._await_capacity()
            argv, completed = self._attempt(parameters)
            if not self._lost(completed):
                break
            self._begin_again()
        self._judge(argv, completed)
        for folder in (MODEL, OUTPUT):
            nodes.gather(self.nodes, folder)
        self._enter("Uploading")
        self._put_results(completed)
        self._publish_metrics()
        if completed.ended != "exited":
            if completed.ended == "timed out":
                self._limit = "MaxWaitTimeExceeded" if self._wait_left_s <= 0 else "MaxRuntimeExceeded"
            raise JobStoppedError

    def take_line(self, line: str, stream: Literal["stdout", "stderr"]) -> None:
        """A line may be progress, or hold metrics; all lines are the log."""
        found = {} if parse_progress(line) else self.metrics.take(line)
        if not found:
            super().take_line(line, stream)
            return
        self.log_stream.write(line)
        emit("log", self.source, self.name, line=line, metrics=found)

    def ended(self, status: str, now: float) -> Json:
        """When it ended, after how long, with which last metrics."""
        self._enter(self._limit or status, now)
        began = self.record.get("TrainingStartTime", now)
        kept = {"WarmPoolStatus": warm_pool("Terminated")} if "WarmPoolStatus" in self.record else {}
        return {
            "TrainingEndTime": now,
            "TrainingTimeInSeconds": round(now - began),
            # Without the time in which there was no instance. The price of a spot instance is not known here.
            "BillableTimeInSeconds": round(now - began - self.waited_s),
            "FinalMetricDataList": self.metrics.final(),
            **kept,
        }

    # ---- stages -----------------------------------------------------------------------------------------

    def _attempt(self, parameters: Hyperparameters) -> tuple[list[str], Completed]:
        """Run the script once, on an empty machine."""
        self._enter("Downloading")
        self.channels = fetch_channels(self.s3, self.record, self.directory, self.check_stop)
        checkpoints = CheckpointSync(self.s3, self.record, self.directory)
        checkpoints.restore()
        fetch_code(self.s3, parameters, self.directory, isolated=self._isolated)
        self.check_stop()
        self._enter("Training")
        if "TrainingStartTime" not in self.record:
            self.store.update(self.record, TrainingStartTime=time.time())
        checkpoints.begin()
        try:
            with self.spot.watched(self.ending.set):
                argv, completed = self._train(parameters)
        finally:
            checkpoints.end(last_copy=not self.abandoned and self.grace_s > 0)
        self._ran_s += completed.wall_s
        before = self._before
        self._before = self.completed = replace(
            completed,
            cpu_s=completed.cpu_s + (before.cpu_s if before else 0),
            wall_s=completed.wall_s + (before.wall_s if before else 0),
        )
        return argv, completed

    def _lost(self, completed: Completed) -> bool:
        """Whether the script ended because its machine was taken away, and for no other reason."""
        return self.spot.lost and completed.ended == "stopped" and not self.stop.is_set()

    def _begin_again(self) -> None:
        self._enter("Interrupted")
        self.say("The spot instance was taken away. The job goes on from its last checkpoint when there is another.")
        gone = time.time()
        self._await_capacity()
        self.waited_s += time.time() - gone
        self._enter("Starting")
        self.make_directory()
        self.ending.clear()
        # Somebody may have stopped the job in between.
        if self.stop.is_set():
            self.ending.set()

    def _await_capacity(self) -> None:
        while not self.spot.available:
            self.check_stop()
            if self._wait_left_s <= 0:
                self._limit = "MaxWaitTimeExceeded"
                raise JobStoppedError
            self.stop.wait(_POLL_S)

    def _enter(self, secondary: str, ended: float | None = None) -> None:
        now = ended or time.time()
        transitions = [dict(one) for one in self.record["SecondaryStatusTransitions"]]
        transitions[-1].setdefault("EndTime", now)
        transitions.append({"Status": secondary, "StartTime": now, "StatusMessage": _MESSAGES[secondary]})
        if ended:
            transitions[-1]["EndTime"] = ended
        else:
            emit("progress", self.source, self.name, phase=secondary.lower())
        self.store.update(self.record, SecondaryStatus=secondary, SecondaryStatusTransitions=transitions)

    def _train(self, parameters: Hyperparameters) -> tuple[list[str], Completed]:
        self.failed_directory = self.directory
        if self._isolated and (self.hosts > 1 or parameters.torch_distributed):
            raise client_error("Processes that find each other need a network: none is here with network isolation.")
        if self.hosts > 1 and not parameters.torch_distributed:
            self.say(f"{self.hosts} instances run the script each by itself: nothing starts it as one program.")
        requirements.check_requirements(self.directory.path(CODE) / "requirements.txt", self.say)
        self.nodes = nodes.copied(self.directory, self.source.rpartition(".")[2], self.name, self.hosts)
        port = free_port()
        starts = [self._prepared(node, parameters, port) for node in self.nodes]
        if len(starts) == 1:
            argv = list(starts[0].argv)
            return argv, self.run_script(argv, starts[0].environment, CODE, network=not self._isolated)
        failed, self.completed = nodes.run_together(starts, self.limit_s, self.ending, self.grace)
        self.failed_directory = self.nodes[failed].directory
        return list(starts[failed].argv), self.completed

    def _prepared(self, node: nodes.Node, parameters: Hyperparameters, port: int) -> nodes.Start:
        """Write what a host finds under `/opt/ml/input/config`, and give the process to start there."""
        directory, hosts = node.directory, [one.name for one in self.nodes]
        resources = resource_configuration(self.instance_type, node.name, hosts)
        config = "/opt/ml/input/config"
        directory.write_json(f"{config}/hyperparameters.json", self.record.get("HyperParameters") or {})
        directory.write_json(f"{config}/inputdataconfig.json", self.channels)
        directory.write_json(f"{config}/resourceconfig.json", resources)
        for folder in (MODEL, OUTPUT, "/opt/ml/output/intermediate"):
            directory.folder(folder)
        variables = {
            **environment(directory, parameters, self.channels, resources),
            **(self.record.get("Environment") or {}),
            "PYTHONPATH": str(directory.path(CODE)),
            "TRAINING_JOB_NAME": self.name,
            "TRAINING_JOB_ARN": self.arn,
        }
        if len(hosts) > 1:
            variables |= {**directory.environment(), **self.role}
        argv = parameters.command(node.name, hosts, LOOPBACK, port)
        return nodes.Start(argv, variables, directory.path(CODE), self._lines_of(node))

    def _lines_of(self, node: nodes.Node) -> OnLine:
        """Where the lines of a host go: those of the first to the job's log, the others' to streams of their own."""
        if node is self.nodes[0]:
            return self.take_line
        stream = self.other_log(node.name)

        def take(line: str, _stream: str) -> None:
            stream.write(line)
            if not parse_progress(line) and not self.metrics.take(line):
                emit_line(self.source, self.name, f"{node.name}: {line}")

        return take

    def _judge(self, argv: list[str], completed: Completed) -> None:
        """Raise JobStoppedError or JobFailedError unless the job goes on to its results."""
        if self.abandoned:
            raise JobStoppedError
        if completed.ended != "exited":
            return
        if completed.returncode != 0:
            raise self._script_failed(argv, completed)
        if not holds_files(self.directory, MODEL):
            raise algorithm_error(
                "The script ended well and left nothing in SM_MODEL_DIR: there is no model to upload. The log ends:",
                completed.tail,
            )

    def _script_failed(self, argv: list[str], completed: Completed) -> Exception:
        failure = self.failed_directory.path("/opt/ml/output/failure")
        if failure.exists():
            return algorithm_error(failure.read_text(errors="replace").strip())
        code = completed.returncode
        command = f'"\nCommand "{" ".join(argv)}", exit code: {code}'
        return algorithm_error(f'ExecuteUserScriptError:\nExitCode {code}\nErrorMessage "', completed.tail, command)

    def _put_results(self, completed: Completed) -> None:
        between = self.check_stop if completed.ended == "exited" else None
        if model := put_results(self.s3, self.record, self.directory, between):
            self.store.update(self.record, ModelArtifacts={"S3ModelArtifacts": model})

    def _publish_metrics(self) -> None:
        try:
            self.metrics.publish(credentials.client_from(self.role, "cloudwatch"))
        except ClientError as error:
            raise client_error("The job's metrics could not be put.", error) from error

    @property
    def _isolated(self) -> bool:
        return bool(self.record.get("EnableNetworkIsolation"))


def warm_pool(status: str) -> Json:
    """WarmPoolStatus of a job that wants its machine to be kept: one machine has nothing to keep, nor to bill."""
    return {"Status": status, "ResourceRetainedBillableTimeInSeconds": 0}
