"""Endpoints from their coming up to their end: what fails them, what changes them, how many requests they admit."""

from __future__ import annotations

import json
import threading
import time
from typing import Any

import psutil
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from tests.twin.helpers import make_role, wait_until
from tests.twin.sagemaker_account import LOGS_AND_METRICS
from tests.twin.sagemaker_endpoints import INSTANCE, SERVERLESS, Endpoints, Json, refusal, servers
from twin import events


def test_an_answer_that_nobody_reads_on_makes_room_for_the_next(endpoints: Endpoints) -> None:
    name = endpoints.create(endpoints.configuration(ServerlessConfig={"MemorySizeInMB": 4096, "MaxConcurrency": 1}))
    body = {"messages": [{"role": "user", "content": "Count."}], "max_tokens": 400, "stream": True}
    left = endpoints.runtime.invoke_endpoint_with_response_stream(EndpointName=name, Body=json.dumps(body))
    next(iter(left["Body"]))
    left["Body"].close()
    assert wait_until(lambda: admitted(endpoints, name), lambda found: found is not None, seconds=60)["choices"]
    endpoints.sagemaker.delete_endpoint(EndpointName=name)


def admitted(endpoints: Endpoints, name: str) -> Any:
    try:
        return endpoints.ask(name)
    except ClientError as error:
        if error.response["Error"]["Code"] != "ThrottlingException":
            raise
        return None


def test_more_requests_than_the_concurrency_admits_are_throttled(endpoints: Endpoints) -> None:
    name = endpoints.create(endpoints.configuration(ServerlessConfig={"MemorySizeInMB": 1024, "MaxConcurrency": 1}))
    impatient = endpoints.emulator.session().client(
        "sagemaker-runtime",
        endpoint_url=endpoints.emulator.endpoint_url,
        config=Config(retries={"total_max_attempts": 1}, proxies={}),
    )
    slow = threading.Thread(target=endpoints.ask, args=(name, "Tell a story."), kwargs={"max_tokens": 150})
    slow.start()
    # While the story is told a further request is throttled; before it began, this one fails for what it is.
    wait_until(
        lambda: refusal(lambda: impatient.invoke_endpoint(EndpointName=name, Body=b"{}"))["Error"]["Code"],
        lambda code: code == "ThrottlingException",
    )
    slow.join()
    assert endpoints.ask(name)["choices"]
    endpoints.sagemaker.delete_endpoint(EndpointName=name)


def test_an_artefact_without_a_model_fails_the_endpoint(endpoints: Endpoints) -> None:
    name = endpoints.create(endpoints.configuration(endpoints.bad))
    reason = endpoints.settled(name)["FailureReason"]
    assert reason.startswith("The primary container for production variant Main did not pass the ping health check.")
    assert "No *.gguf was found under /opt/ml/model" in reason
    assert refusal(lambda: endpoints.ask(name))["Error"]["Code"] == "ValidationError"
    endpoints.sagemaker.delete_endpoint(EndpointName=name)


def test_a_flag_that_the_server_has_not_fails_the_endpoint_and_is_named(endpoints: Endpoints) -> None:
    name = endpoints.create(endpoints.configuration(Environment={"SM_LLAMA_CPP_FLUX": "3"}, **INSTANCE))
    assert "unrecognized arguments: --flux 3" in endpoints.settled(name)["FailureReason"]


def test_a_role_that_may_not_read_the_artefact_fails_the_endpoint(endpoints: Endpoints) -> None:
    role = make_role(endpoints.emulator, "sagemaker", LOGS_AND_METRICS)
    reason = endpoints.settled(endpoints.create(endpoints.configuration(role=role)))["FailureReason"]
    assert f"Could not access model data at {endpoints.good}" in reason
    assert f"{role.rpartition('/')[2]}/SageMaker is not authorized to perform: s3:GetObject on resource" in reason


@pytest.mark.parametrize(
    ("variant", "problem"),
    [
        ({"ServerlessConfig": {"MemorySizeInMB": 1500, "MaxConcurrency": 1}}, "multiple of 1024"),
        ({**SERVERLESS, "InstanceType": "ml.m5.large"}, "cannot both be given"),
        ({"InstanceType": "ml.m5.large"}, "InstanceType and InitialInstanceCount, or ServerlessConfig, must be given"),
        ({**INSTANCE, "ManagedInstanceScaling": {"Status": "ENABLED"}}, "ManagedInstanceScaling is not supported"),
    ],
)
def test_a_configuration_that_cannot_be_had_is_refused(endpoints: Endpoints, variant: Json, problem: str) -> None:
    with pytest.raises(ClientError, match=problem):
        endpoints.configuration(**variant)


def test_an_endpoint_changes_to_another_model_while_it_answers(endpoints: Endpoints) -> None:
    name = endpoints.create(endpoints.configuration())
    before = servers(endpoints.emulator)
    new = endpoints.configuration(**INSTANCE)
    endpoints.sagemaker.update_endpoint(EndpointName=name, EndpointConfigName=new)
    answered = 0
    while endpoints.sagemaker.describe_endpoint(EndpointName=name)["EndpointStatus"] != "InService":
        answered += bool(endpoints.ask(name)["choices"])
    described = endpoints.settled(name)
    assert answered > 0
    assert described["EndpointConfigName"] == new
    assert described["ProductionVariants"][0]["CurrentInstanceCount"] == 1
    wait_until(lambda: len(servers(endpoints.emulator)), lambda count: count == len(before))
    endpoints.sagemaker.delete_endpoint(EndpointName=name)
    assert len(servers(endpoints.emulator)) == len(before) - 1
    assert refusal(lambda: endpoints.sagemaker.describe_endpoint(EndpointName=name))["Error"]["Message"].startswith(
        'Could not find endpoint "arn:aws:sagemaker'
    )


def test_an_endpoint_on_instances_does_not_become_a_serverless_one(endpoints: Endpoints) -> None:
    before = endpoints.configuration(**INSTANCE)
    name = endpoints.create(before)
    serverless = endpoints.configuration(**SERVERLESS)
    error = refusal(lambda: endpoints.sagemaker.update_endpoint(EndpointName=name, EndpointConfigName=serverless))
    assert error["Error"]["Code"] == "ValidationException"
    assert "from instances to serverless" in error["Error"]["Message"]
    described = endpoints.settled(name)
    assert (described["EndpointStatus"], described["EndpointConfigName"]) == ("InService", before)
    endpoints.sagemaker.delete_endpoint(EndpointName=name)


def test_an_endpoint_whose_log_cannot_be_written_any_more_can_be_deleted(endpoints: Endpoints) -> None:
    role = make_role(endpoints.emulator, "sagemaker", endpoints.bucket_access, LOGS_AND_METRICS)
    name = endpoints.create(endpoints.configuration(role=role))
    endpoints.emulator.client("iam").delete_role_policy(RoleName=role.rpartition("/")[2], PolicyName="permissions")
    time.sleep(1)  # the log is sent once a second
    assert endpoints.ask(name)["choices"]
    endpoints.sagemaker.delete_endpoint(EndpointName=name)
    assert "Could not find endpoint" in refusal(lambda: endpoints.settled(name))["Error"]["Message"]


def test_a_container_that_died_is_started_again(endpoints: Endpoints) -> None:
    before = servers(endpoints.emulator)
    name = endpoints.create(endpoints.configuration())
    (server,) = servers(endpoints.emulator) - before
    psutil.Process(server).kill()

    def answers() -> bool:
        try:
            return bool(endpoints.ask(name)["choices"])
        except endpoints.runtime.exceptions.ModelError:  # while the process is still going
            return False

    assert wait_until(answers, bool)
    assert server not in servers(endpoints.emulator)
    endpoints.sagemaker.delete_endpoint(EndpointName=name)


def test_an_endpoint_tells_of_itself_in_the_events(endpoints: Endpoints) -> None:
    name = endpoints.create(endpoints.configuration())
    told = [event for event, _ in events.read(endpoints.emulator.events_file) if event["id"] == name]
    assert [event["kind"] for event in told] == ["started", "finished"]
    assert told[1]["status"] == "InService"
    endpoints.sagemaker.delete_endpoint(EndpointName=name)
