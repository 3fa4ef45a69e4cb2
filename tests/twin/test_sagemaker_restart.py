"""What an emulator that keeps its state serves again after a restart, and that nothing outlives it."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from tests.twin.helpers import unique, wait_until
from tests.twin.pipeline_steps import TRAIN, as_step
from tests.twin.sagemaker_endpoints import Endpoints
from twin.emulator import Emulator
from twin.processes import marked


def test_endpoints_and_registry_come_back_and_what_ran_has_failed(tmp_path: Path) -> None:
    with Emulator(tmp_path, persist=True) as first:
        account = Endpoints(first)
        endpoint = account.create(account.configuration())
        group = unique("models")
        account.sagemaker.create_model_package_group(ModelPackageGroupName=group)
        slow = as_step(account.training_request(f"{TRAIN}\nimport time; time.sleep(600)"), "Training")
        step = {"Name": "Train", "Type": "Training", "Arguments": slow}
        pipeline = account.make_pipeline({"Version": "2020-12-01", "Steps": [step]})
        arn = account.sagemaker.start_pipeline_execution(PipelineName=pipeline)["PipelineExecutionArn"]
        wait_until(
            lambda: account.sagemaker.list_training_jobs()["TrainingJobSummaries"],
            lambda jobs: any(job["SecondaryStatus"] == "Training" for job in jobs),
        )
        mark = first.mark
    assert marked(mark) == []

    with Emulator(tmp_path, persist=True) as second:
        again = second.client("sagemaker")
        wait_until(
            lambda: again.describe_endpoint(EndpointName=endpoint)["EndpointStatus"],
            lambda status: status == "InService",
        )
        body = b'{"messages": [{"role": "user", "content": "hi"}], "max_tokens": 1}'
        answer = second.client("sagemaker-runtime").invoke_endpoint(EndpointName=endpoint, Body=body)
        assert answer["ResponseMetadata"]["HTTPStatusCode"] == 200
        assert again.describe_model_package_group(ModelPackageGroupName=group)["ModelPackageGroupName"] == group
        execution = again.describe_pipeline_execution(PipelineExecutionArn=arn)
        assert execution["PipelineExecutionStatus"] in ("Failed", "Stopped")
        (job,) = again.list_training_jobs()["TrainingJobSummaries"]
        assert job["TrainingJobStatus"] in ("Failed", "Stopped")


def test_the_emulator_can_end_while_an_endpoint_comes_up(tmp_path: Path) -> None:
    with Emulator(tmp_path) as emulator:
        account = Endpoints(emulator)
        for _ in range(2):
            account.sagemaker.create_endpoint(EndpointName=unique("e"), EndpointConfigName=account.configuration())
        mark = emulator.mark
    assert marked(mark) == []


@pytest.mark.parametrize("asked", [1, 3])
def test_a_bedrock_server_ends_with_the_emulator(tmp_path: Path, asked: int) -> None:
    with Emulator(tmp_path) as emulator:
        client = emulator.client("bedrock-runtime")
        model = "arn:aws:bedrock:us-east-1:000000000000:imported-model/smollm2q41v1"
        body = '{"prompt": "Hello", "max_gen_len": 1}'
        calls = [
            threading.Thread(target=client.invoke_model, kwargs={"modelId": model, "body": body}) for _ in range(asked)
        ]
        for call in calls:
            call.start()
        for call in calls:
            call.join()
        servers = [process for process in marked(emulator.mark) if "twin.model_server" in process.cmdline()]
        assert len(servers) == 1
        mark = emulator.mark
    assert marked(mark) == []
