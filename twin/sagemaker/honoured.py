"""What of each request is honoured here; see `support` for how to read the tables.

Honoured without effect, because one machine has nothing to differ by: instance types (GPU ones too: the work runs
on this CPU), volume sizes, keys of volumes, encryption between containers of which there is one, and warm pools,
which end with their job. Spot instances are those that nobody takes away but a test (`jobs/spot.py`).
"""

from __future__ import annotations

from typing import Any

from twin.support import ANY

_OFF = frozenset({False})
_S3_PREFIX = frozenset({"S3Prefix"})
_DISTRIBUTION = frozenset({"FullyReplicated", "ShardedByS3Key"})
_FILE = frozenset({"File"})
_NONE = frozenset({"None"})
_ONE = frozenset({1})

TRAINING_JOB: dict[str, Any] = {
    "TrainingJobName": ANY,
    "AlgorithmSpecification": {
        "TrainingImage": ANY,
        "TrainingInputMode": _FILE,
        "MetricDefinitions": ANY,
        "EnableSageMakerMetricsTimeSeries": _OFF,
    },
    "HyperParameters": ANY,
    "Environment": ANY,
    "InputDataConfig": {
        "ChannelName": ANY,
        "DataSource": {
            "S3DataSource": {"S3Uri": ANY, "S3DataType": _S3_PREFIX, "S3DataDistributionType": _DISTRIBUTION}
        },
        "ContentType": ANY,
        "CompressionType": _NONE,
        "RecordWrapperType": _NONE,
        "InputMode": _FILE,
    },
    "OutputDataConfig": {"S3OutputPath": ANY, "KmsKeyId": ANY, "CompressionType": frozenset({"GZIP"})},
    "ResourceConfig": {
        "InstanceType": ANY,
        "InstanceCount": _ONE,
        "VolumeSizeInGB": ANY,
        "VolumeKmsKeyId": ANY,
        "KeepAlivePeriodInSeconds": ANY,
    },
    "StoppingCondition": {"MaxRuntimeInSeconds": ANY, "MaxWaitTimeInSeconds": ANY},
    "CheckpointConfig": {"S3Uri": ANY, "LocalPath": ANY},
    "RoleArn": ANY,
    "Tags": ANY,
    "EnableNetworkIsolation": ANY,
    "EnableInterContainerTrafficEncryption": ANY,
    "EnableManagedSpotTraining": ANY,
    "ProfilerConfig": {"DisableProfiler": frozenset({True})},
    "RemoteDebugConfig": {"EnableRemoteDebug": _OFF},
    "InfraCheckConfig": {"EnableInfraCheck": _OFF},
}

PROCESSING_JOB: dict[str, Any] = {
    "ProcessingJobName": ANY,
    "AppSpecification": {"ImageUri": ANY, "ContainerEntrypoint": ANY, "ContainerArguments": ANY},
    "Environment": ANY,
    "ProcessingInputs": {
        "InputName": ANY,
        "AppManaged": _OFF,
        "S3Input": {
            "S3Uri": ANY,
            "LocalPath": ANY,
            "S3DataType": _S3_PREFIX,
            "S3InputMode": _FILE,
            "S3DataDistributionType": _DISTRIBUTION,
            "S3CompressionType": _NONE,
        },
    },
    "ProcessingOutputConfig": {
        "KmsKeyId": ANY,
        "Outputs": {
            "OutputName": ANY,
            "AppManaged": _OFF,
            "S3Output": {"S3Uri": ANY, "LocalPath": ANY, "S3UploadMode": frozenset({"EndOfJob"})},
        },
    },
    "ProcessingResources": {
        "ClusterConfig": {"InstanceType": ANY, "InstanceCount": _ONE, "VolumeSizeInGB": ANY, "VolumeKmsKeyId": ANY}
    },
    "StoppingCondition": {"MaxRuntimeInSeconds": ANY},
    "NetworkConfig": {"EnableNetworkIsolation": ANY, "EnableInterContainerTrafficEncryption": ANY},
    "RoleArn": ANY,
    "Tags": ANY,
}

_CONTAINER: dict[str, Any] = {
    "ContainerHostname": ANY,
    "Image": ANY,
    "Mode": frozenset({"SingleModel"}),
    "ModelDataUrl": ANY,
    "ModelDataSource": {
        "S3DataSource": {
            "S3Uri": ANY,
            "S3DataType": frozenset({"S3Prefix", "S3Object"}),
            "CompressionType": frozenset({"None", "Gzip"}),
        }
    },
    "Environment": ANY,
}

MODEL: dict[str, Any] = {
    "ModelName": ANY,
    "PrimaryContainer": _CONTAINER,
    "ExecutionRoleArn": ANY,
    "Tags": ANY,
    "EnableNetworkIsolation": ANY,
}

ENDPOINT_CONFIG: dict[str, Any] = {
    "EndpointConfigName": ANY,
    "ProductionVariants": {
        "VariantName": ANY,
        "ModelName": ANY,
        "InitialInstanceCount": ANY,
        "InstanceType": ANY,
        "InitialVariantWeight": ANY,
        "ServerlessConfig": {"MemorySizeInMB": ANY, "MaxConcurrency": ANY},
        "VolumeSizeInGB": ANY,
        "ModelDataDownloadTimeoutInSeconds": ANY,
        "ContainerStartupHealthCheckTimeoutInSeconds": ANY,
    },
    "KmsKeyId": ANY,
    "Tags": ANY,
}

ENDPOINT: dict[str, Any] = {
    "EndpointName": ANY,
    "EndpointConfigName": ANY,
    "DeploymentConfig": {
        "BlueGreenUpdatePolicy": {
            "TrafficRoutingConfiguration": {"Type": frozenset({"ALL_AT_ONCE"}), "WaitIntervalInSeconds": ANY},
            "TerminationWaitInSeconds": ANY,
        },
        "AutoRollbackConfiguration": {"Alarms": ANY},
    },
    "Tags": ANY,
}

MODEL_PACKAGE_GROUP: dict[str, Any] = {
    "ModelPackageGroupName": ANY,
    "ModelPackageGroupDescription": ANY,
    "Tags": ANY,
}

# The registry only keeps what it is given: everything that it answers with again is honoured.
MODEL_PACKAGE: dict[str, Any] = {
    "ModelPackageGroupName": ANY,
    "ModelPackageDescription": ANY,
    "InferenceSpecification": ANY,
    "ModelApprovalStatus": ANY,
    "ModelMetrics": ANY,
    "ModelCard": {"ModelCardContent": ANY, "ModelCardStatus": ANY},
    "CustomerMetadataProperties": ANY,
    "MetadataProperties": ANY,
    "Domain": ANY,
    "Task": ANY,
    "SamplePayloadUrl": ANY,
    "SourceUri": ANY,
    "DriftCheckBaselines": ANY,
    "SkipModelValidation": ANY,
    "ClientToken": ANY,
    "Tags": ANY,
}
