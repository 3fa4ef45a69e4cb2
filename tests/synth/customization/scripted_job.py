"""A customization job in answers: what each state of Bedrock's branch is told when nothing fails."""

from __future__ import annotations

from typing import Any

from tests.synth.scripted_run import RUN, TUNED

NAME = "fourfold-dev-0123456789abcdef"
DEPLOYMENT = "arn:aws:bedrock:us-east-1:111122223333:custom-model-deployment/abcdefghijkl"
THROUGHPUT = "arn:aws:bedrock:us-east-1:111122223333:provisioned-model/abcdefghijkl"
CUSTOM = "arn:aws:bedrock:us-east-1:111122223333:custom-model/amazon.nova-micro-v1:0:128k/abcdefghijkl"
PRICE = {"usd_per_1k_input_tokens": 0.01, "usd_per_1k_output_tokens": 0.02}
BASE = {"index": 0, "model": "nova-micro", "model_id": "us.amazon.nova-micro-v1:0", "price": PRICE}
CUSTOMIZATION = {
    "name": NAME,
    "hyperparameters": {"epochCount": "2"},
    "serving": "on-demand",
    "base": BASE,
    "billed_as_base": True,
}
CUSTOMIZING = {
    **RUN,
    "models_prefix": "run=run_1/",
    "tuning": {"MaxRuntimeSeconds": "7200", "TestExamples": "8"},
    "tuning_service": "bedrock",
    "customization": CUSTOMIZATION,
}
ANSWERS: dict[str, Any] = {
    **TUNED,
    "ResolveRun": CUSTOMIZING,
    "CheckTrainingData": {"training_uri": "s3://m/train.jsonl", "validation_uri": None, "training_records": 9},
    "CustomizeModel": {"Status": "Completed"},
    "StopCustomization": {},
    "DescribeCustomization": {"JobArn": "arn:job", "OutputModelArn": CUSTOM, "BaseModelArn": "arn:base"},
    "DeployCustomModel": {"CustomModelDeploymentArn": DEPLOYMENT},
    "DescribeCustomModelDeployment": [{"Status": "Creating"}, {"Status": "Active"}],
    "ExpireThroughput": {"ScheduleArn": "arn:schedule"},
    "ProvisionThroughput": {"ProvisionedModelArn": THROUGHPUT},
    "DescribeThroughput": [{"Status": "Creating"}, {"Status": "InService"}],
    "EvaluateOnTest": [{"predictions_key": "base"}, {"predictions_key": "custom"}],
    "JudgeCustomModel": {"value": 0.9},
    "CompareCustomModel": {"better": True, "fine_tuned": None},
    "FindServedModel": {"CustomModelDeploymentArn": DEPLOYMENT, "ProvisionedModelArn": THROUGHPUT},
    "ReadTarget": {"Parameter": {"Value": "none"}},
    "DeleteServedModel": {},
}
