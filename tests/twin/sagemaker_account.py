"""What the SageMaker tests make in an emulator's account: roles, buckets, scripts, jobs."""

from __future__ import annotations

import io
import json
import tarfile
from dataclasses import dataclass, field
from typing import Any

from tests.twin.helpers import allow, make_role, unique, wait_until
from twin.emulator import Emulator

Json = dict[str, Any]
REGISTRY = "763104351884.dkr.ecr.us-east-1.amazonaws.com"
TRAINING_IMAGE = f"{REGISTRY}/huggingface-pytorch-training:2.9.0-transformers5.3.0-gpu-py312-cu130-ubuntu22.04"
SERVING_IMAGE = f"{REGISTRY}/llama-cpp:server-sagemaker-cpu-v1"
LOGS_AND_METRICS = allow(["logs:*", "cloudwatch:PutMetricData"])


def tarred(**files: str | bytes) -> bytes:
    """A tar.gz with these files; `a__b` in a name is `a/b`, and `_dot_` is a dot."""
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz") as archive:
        for name, text in files.items():
            data = text.encode() if isinstance(text, str) else text
            info = tarfile.TarInfo(name.replace("__", "/").replace("_dot_", "."))
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return content.getvalue()


@dataclass
class Account:
    """A bucket, and roles that may read and write it."""

    emulator: Emulator
    bucket: str = field(default_factory=lambda: unique("data"))

    def __post_init__(self) -> None:
        self.s3 = self.emulator.client("s3")
        self.sagemaker = self.emulator.client("sagemaker")
        self.s3.create_bucket(Bucket=self.bucket)
        self.bucket_access = allow(["s3:ListBucket", "s3:GetObject", "s3:PutObject"])
        self.job_role = make_role(self.emulator, "sagemaker", self.bucket_access, LOGS_AND_METRICS)

    def put(self, key: str, body: str | bytes) -> str:
        """Put an object; its address."""
        self.s3.put_object(Bucket=self.bucket, Key=key, Body=body)
        return f"s3://{self.bucket}/{key}"

    def get(self, uri: str) -> bytes:
        """Get an object."""
        bucket, _, key = uri.removeprefix("s3://").partition("/")
        return bytes(self.s3.get_object(Bucket=bucket, Key=key)["Body"].read())

    def training_request(self, script: str, role: str | None = None, **changes: Any) -> Json:
        """A request that trains with `script`."""
        name = unique("job")
        code = self.put(f"{name}/code.tar.gz", tarred(train_dot_py=script))
        hyperparameters = {"sagemaker_program": "train.py", "sagemaker_submit_directory": code}
        return {
            "TrainingJobName": name,
            "AlgorithmSpecification": {"TrainingImage": TRAINING_IMAGE, "TrainingInputMode": "File"},
            "RoleArn": role or self.job_role,
            "OutputDataConfig": {"S3OutputPath": f"s3://{self.bucket}/out"},
            "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 10},
            "StoppingCondition": {"MaxRuntimeInSeconds": 60},
            **changes,
            "HyperParameters": {**hyperparameters, **changes.get("HyperParameters", {})},
        }

    def train(self, script: str, **changes: Any) -> Json:
        """Train with `script` to the end; what DescribeTrainingJob then says."""
        request = self.training_request(script, **changes)
        self.sagemaker.create_training_job(**request)
        return self.ended_training_job(request["TrainingJobName"])

    def ended_training_job(self, name: str) -> Json:
        """What DescribeTrainingJob says of a job once it has ended."""
        found: Json = wait_until(
            lambda: self.sagemaker.describe_training_job(TrainingJobName=name),
            lambda job: job["TrainingJobStatus"] not in ("InProgress", "Stopping"),
        )
        return found

    def processing_request(self, script: str, **changes: Any) -> Json:
        """A request that processes with `script`, into one output."""
        name = unique("job")
        code = self.put(f"{name}/run.py", script)
        return {
            "ProcessingJobName": name,
            "AppSpecification": {
                "ImageUri": TRAINING_IMAGE,
                "ContainerEntrypoint": ["python3", "/opt/ml/processing/input/code/run.py"],
            },
            "ProcessingInputs": [self.processing_input("code", code)],
            "ProcessingOutputConfig": {
                "Outputs": [
                    {
                        "OutputName": "report",
                        "S3Output": {
                            "S3Uri": f"s3://{self.bucket}/{name}/report",
                            "LocalPath": "/opt/ml/processing/report",
                            "S3UploadMode": "EndOfJob",
                        },
                    }
                ]
            },
            "ProcessingResources": {
                "ClusterConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 10}
            },
            "StoppingCondition": {"MaxRuntimeInSeconds": 60},
            "RoleArn": self.job_role,
            **changes,
        }

    @staticmethod
    def processing_input(name: str, uri: Any) -> Json:
        """An input under /opt/ml/processing/input."""
        source = {"S3Uri": uri, "LocalPath": f"/opt/ml/processing/input/{name}", "S3DataType": "S3Prefix"}
        return {"InputName": name, "S3Input": {**source, "S3InputMode": "File"}}

    def process(self, script: str, **changes: Any) -> Json:
        """Process with `script` to the end; what DescribeProcessingJob then says."""
        request = self.processing_request(script, **changes)
        self.sagemaker.create_processing_job(**request)
        found: Json = wait_until(
            lambda: self.sagemaker.describe_processing_job(ProcessingJobName=request["ProcessingJobName"]),
            lambda job: job["ProcessingJobStatus"] not in ("InProgress", "Stopping"),
        )
        return found

    def log_of(self, group: str, prefix: str) -> str:
        """What a log group's streams of that prefix hold."""
        logs = self.emulator.client("logs")
        streams = logs.describe_log_streams(logGroupName=group, logStreamNamePrefix=prefix)["logStreams"]
        events = [
            event["message"]
            for stream in streams
            for event in logs.get_log_events(logGroupName=group, logStreamName=stream["logStreamName"])["events"]
        ]
        return "\n".join(events)

    def pipeline_role(self) -> str:
        """A role that may run pipelines of this account's jobs."""
        return make_role(self.emulator, "sagemaker", allow(["sagemaker:*", "iam:PassRole"]), self.bucket_access)

    def run_pipeline(self, definition: Json, **changes: Any) -> tuple[Json, dict[str, Json]]:
        """Run a pipeline once; how the execution ended, and its steps by name."""
        name = changes.pop("PipelineName", None) or self.make_pipeline(definition)
        return self.run_again(name, **changes)

    def make_pipeline(self, definition: Json, role: str | None = None) -> str:
        """Create a pipeline; its name."""
        name = unique("pipeline")
        self.sagemaker.create_pipeline(
            PipelineName=name, PipelineDefinition=json.dumps(definition), RoleArn=role or self.pipeline_role()
        )
        return name

    def run_again(self, name: str, **parameters: str) -> tuple[Json, dict[str, Json]]:
        """Run an existing pipeline."""
        given = [{"Name": key, "Value": value} for key, value in parameters.items()]
        started = self.sagemaker.start_pipeline_execution(PipelineName=name, PipelineParameters=given)
        return self.ended(started["PipelineExecutionArn"])

    def ended(self, arn: str) -> tuple[Json, dict[str, Json]]:
        """Wait for a pipeline execution's end; the execution, and its steps by name."""
        ended = wait_until(
            lambda: self.sagemaker.describe_pipeline_execution(PipelineExecutionArn=arn),
            lambda execution: execution["PipelineExecutionStatus"] not in ("Executing", "Stopping"),
        )
        steps = self.sagemaker.list_pipeline_execution_steps(PipelineExecutionArn=arn)["PipelineExecutionSteps"]
        return ended, {step["StepName"]: step for step in steps}
