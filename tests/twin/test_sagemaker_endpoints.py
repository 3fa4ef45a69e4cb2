"""Endpoints serve real weights, change to others without a gap, and fail with their reason."""

from __future__ import annotations

import io
import json
import tarfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from tests.twin.helpers import allow, make_role, unique, user_client, wait_until
from tests.twin.sagemaker_account import LOGS_AND_METRICS, SERVING_IMAGE, Account, tarred
from twin import events
from twin.emulator import Emulator
from twin.model_server import Answer, ModelServerError
from twin.sagemaker.serving.fleet import Fleet
from twin.weights import smollm2_gguf

Json = dict[str, Any]
SERVERLESS: Json = {"ServerlessConfig": {"MemorySizeInMB": 2048, "MaxConcurrency": 2}}
INSTANCE: Json = {"InstanceType": "ml.m5.large", "InitialInstanceCount": 1}


def artefact() -> bytes:
    """model.tar.gz with the real model; not compressed, which would take seconds."""
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz", compresslevel=0) as archive:
        archive.add(smollm2_gguf(), "model.gguf")
    return content.getvalue()


class Endpoints(Account):
    """An account with a model's artefact in its bucket, and what makes endpoints of it."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.runtime = self.emulator.client("sagemaker-runtime")
        self.good = self.put("good.tar.gz", artefact())
        self.bad = self.put("bad.tar.gz", tarred(readme_dot_txt="no model in here"))

    def configuration(self, url: str | None = None, role: str | None = None, **variant: Any) -> str:
        """An endpoint configuration with a model of its own; its name."""
        environment = {"SM_LLAMA_CPP_CTX_SIZE": "512", **variant.pop("Environment", {})}
        model, name = unique("model"), unique("config")
        self.sagemaker.create_model(
            ModelName=model,
            ExecutionRoleArn=role or self.job_role,
            PrimaryContainer={"Image": SERVING_IMAGE, "ModelDataUrl": url or self.good, "Environment": environment},
        )
        given = variant or SERVERLESS
        self.sagemaker.create_endpoint_config(
            EndpointConfigName=name, ProductionVariants=[{"VariantName": "Main", "ModelName": model, **given}]
        )
        return name

    def create(self, configuration: str) -> str:
        """An endpoint, once it has come up or failed; its name."""
        name = unique("endpoint")
        self.sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=configuration)
        self.settled(name)
        return name

    def settled(self, name: str) -> Json:
        """What DescribeEndpoint says once nothing is in progress."""
        found: Json = wait_until(
            lambda: self.sagemaker.describe_endpoint(EndpointName=name),
            lambda endpoint: endpoint["EndpointStatus"] in ("InService", "Failed"),
        )
        return found

    def ask(self, name: str, text: str = "Say hello.", **body: Any) -> Json:
        """A chat completion."""
        messages = [{"role": "user", "content": text}]
        answer = self.runtime.invoke_endpoint(
            EndpointName=name,
            ContentType="application/json",
            Body=json.dumps({"messages": messages, "max_tokens": 8, "temperature": 0, **body}),
        )
        found: Json = json.loads(answer["Body"].read())
        return found


@pytest.fixture(scope="module")
def endpoints(emulator: Emulator) -> Endpoints:
    return Endpoints(emulator)


@pytest.fixture(scope="module")
def serving(endpoints: Endpoints) -> Iterator[str]:
    name = endpoints.create(endpoints.configuration())
    yield name
    endpoints.sagemaker.delete_endpoint(EndpointName=name)


def refusal(call: Callable[[], Any]) -> Json:
    with pytest.raises(ClientError) as error:
        call()
    response: Json = error.value.response
    return response


def test_an_endpoint_answers_chat_completions_with_the_artefacts_model(endpoints: Endpoints, serving: str) -> None:
    answer = endpoints.ask(serving, "What is the capital of France? Answer in one word.")
    assert "Paris" in answer["choices"][0]["message"]["content"]
    assert answer["usage"]["completion_tokens"] > 0
    described = endpoints.sagemaker.describe_endpoint(EndpointName=serving)
    (variant,) = described["ProductionVariants"]
    assert variant["CurrentServerlessConfig"] == SERVERLESS["ServerlessConfig"]
    assert variant["DeployedImages"][0]["SpecifiedImage"] == SERVING_IMAGE


def test_an_answer_comes_in_parts_as_the_model_writes_it(endpoints: Endpoints, serving: str) -> None:
    body = {"messages": [{"role": "user", "content": "Count to nine."}], "max_tokens": 8, "stream": True}
    answer = endpoints.runtime.invoke_endpoint_with_response_stream(
        EndpointName=serving,
        ContentType="application/json",
        Accept="application/json",
        InferenceId="ours",
        Body=json.dumps(body),
    )
    assert answer["InvokedProductionVariant"] == "Main"
    assert answer["ContentType"].startswith("text/event-stream")
    events = iter(answer["Body"])
    first = next(events)["PayloadPart"]["Bytes"]
    assert first.startswith(b"data: {")
    rest = b"".join(event["PayloadPart"]["Bytes"] for event in events)
    assert rest.rstrip().endswith(b"data: [DONE]")
    assert rest.count(b"data: ") > 3


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


def test_what_is_wrong_with_a_request_is_said_before_a_stream_begins(endpoints: Endpoints, serving: str) -> None:
    call = lambda: endpoints.runtime.invoke_endpoint_with_response_stream(EndpointName=serving, Body=b"hello")  # noqa: E731
    error = refusal(call)
    assert (error["Error"]["Code"], error["OriginalStatusCode"] >= 400) == ("ModelError", True)


def test_the_containers_log_reaches_cloudwatch(endpoints: Endpoints, serving: str) -> None:
    assert "model" in endpoints.log_of(f"/aws/sagemaker/Endpoints/{serving}", "Main/")


def test_the_context_is_what_the_models_environment_says(endpoints: Endpoints, serving: str) -> None:
    error = refusal(lambda: endpoints.ask(serving, "word " * 700))
    assert error["Error"]["Code"] == "ModelError"
    assert error["OriginalStatusCode"] == 400
    assert "512" in error["OriginalMessage"]
    assert 'Received client error (400) from primary with message "' in error["Error"]["Message"]
    assert f"/aws/sagemaker/Endpoints/{serving}" in error["LogStreamArn"]


def test_a_body_that_is_not_json_is_the_models_error(endpoints: Endpoints, serving: str) -> None:
    error = refusal(lambda: endpoints.runtime.invoke_endpoint(EndpointName=serving, Body=b"hello"))
    assert (error["Error"]["Code"], error["OriginalStatusCode"]) == ("ModelError", 400)


def test_a_body_that_is_too_large_is_refused(endpoints: Endpoints, serving: str) -> None:
    body = b"x" * (4 * 2**20 + 1)
    error = refusal(lambda: endpoints.runtime.invoke_endpoint(EndpointName=serving, Body=body))["Error"]
    assert error["Code"] == "ValidationError"
    assert "Member must have length less than or equal to 4194304" in error["Message"]


def test_an_endpoint_that_is_not_there_is_named(endpoints: Endpoints) -> None:
    error = refusal(lambda: endpoints.ask("nobody-made-this"))["Error"]
    assert error["Code"] == "ValidationError"
    assert error["Message"] == "Endpoint nobody-made-this of account 000000000000 not found."


def test_what_the_runtime_does_not_serve_is_refused(endpoints: Endpoints, serving: str) -> None:
    def message(**options: str) -> str:
        call = lambda: endpoints.runtime.invoke_endpoint(EndpointName=serving, Body=b"{}", **options)  # noqa: E731
        return str(refusal(call)["Error"]["Message"])

    assert "target-model is not supported" in message(TargetModel="other.tar.gz").lower()
    assert "Variant Other" in message(TargetVariant="Other")


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


def test_invoking_needs_the_permission_on_the_endpoint(endpoints: Endpoints, serving: str) -> None:
    arn = f"arn:aws:sagemaker:us-east-1:000000000000:endpoint/{serving}"
    body = json.dumps({"messages": [{"role": "user", "content": "hi"}], "max_tokens": 1})
    allowed = user_client(endpoints.emulator, "sagemaker-runtime", allow("sagemaker:InvokeEndpoint", arn))
    allowed.invoke_endpoint(EndpointName=serving, Body=body)
    other = user_client(endpoints.emulator, "sagemaker-runtime", allow("sagemaker:InvokeEndpoint", f"{arn}-not"))
    message = refusal(lambda: other.invoke_endpoint(EndpointName=serving, Body=body))["Error"]["Message"]
    assert f"sagemaker:InvokeEndpoint on resource: {arn}" in message


# ---- coming up -----------------------------------------------------------------------------------------


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


# ---- changing ------------------------------------------------------------------------------------------


def servers(emulator: Emulator) -> set[int]:
    """The process ids of the model servers."""
    found = set()
    for process in psutil.Process(emulator.pid).children(recursive=True):
        try:
            if "twin.model_server" in process.cmdline():
                found.add(process.pid)
        except psutil.Error:  # it has ended meanwhile
            continue
    return found


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


def test_a_change_that_fails_leaves_the_endpoint_as_it_was(endpoints: Endpoints, serving: str) -> None:
    before = endpoints.settled(serving)["EndpointConfigName"]
    endpoints.sagemaker.update_endpoint(EndpointName=serving, EndpointConfigName=endpoints.configuration(endpoints.bad))
    error = refusal(lambda: endpoints.sagemaker.update_endpoint(EndpointName=serving, EndpointConfigName=before))
    assert "Cannot update in-progress endpoint" in error["Error"]["Message"]
    described = endpoints.settled(serving)
    assert (described["EndpointStatus"], described["EndpointConfigName"]) == ("InService", before)
    assert "No *.gguf was found" in described["FailureReason"]
    assert endpoints.ask(serving)["choices"]


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


def test_a_limit_of_a_deployment_that_nothing_would_enforce_is_refused(endpoints: Endpoints, serving: str) -> None:
    policy = {
        "TrafficRoutingConfiguration": {"Type": "ALL_AT_ONCE", "WaitIntervalInSeconds": 0},
        "MaximumExecutionTimeoutInSeconds": 600,
    }
    update = {"EndpointName": serving, "EndpointConfigName": endpoints.configuration()}
    deployment = {"BlueGreenUpdatePolicy": policy}
    error = refusal(lambda: endpoints.sagemaker.update_endpoint(**update, DeploymentConfig=deployment))
    assert "MaximumExecutionTimeoutInSeconds is not supported" in error["Error"]["Message"]


def test_an_endpoint_whose_log_cannot_be_written_any_more_can_be_deleted(endpoints: Endpoints) -> None:
    role = make_role(endpoints.emulator, "sagemaker", endpoints.bucket_access, LOGS_AND_METRICS)
    name = endpoints.create(endpoints.configuration(role=role))
    endpoints.emulator.client("iam").delete_role_policy(RoleName=role.rpartition("/")[2], PolicyName="permissions")
    time.sleep(1)  # the log is sent once a second
    assert endpoints.ask(name)["choices"]
    endpoints.sagemaker.delete_endpoint(EndpointName=name)
    assert "Could not find endpoint" in refusal(lambda: endpoints.settled(name))["Error"]["Message"]


class _Server:
    """A model server that says whether it is up."""

    running = False

    def start(self) -> None:
        self.running = True

    def stop(self) -> None:
        self.running = False

    def request(self, *_: object) -> Answer:
        return Answer(200, "text/plain", b"answered")


@pytest.fixture
def fleets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Fleet]:
    """Two fleets of one endpoint, which have come up."""
    monkeypatch.setenv("FOURFOLD_WORK_DIR", str(tmp_path))
    configuration = {"ProductionVariants": [{"VariantName": "Main", **INSTANCE}]}
    made = [Fleet("endpoint", configuration, {"PrimaryContainer": {"Image": SERVING_IMAGE}}) for _ in range(2)]
    for fleet in made:
        server = _Server()
        server.start()
        monkeypatch.setattr(fleet.container, "_server", server)
    return made


def running(fleet: Fleet) -> bool:
    return bool(fleet.container._server and fleet.container._server.running)


def test_a_request_that_comes_to_a_fleet_as_it_retires_is_answered_by_its_successor(fleets: list[Fleet]) -> None:
    former, fleet = fleets
    former.retire(fleet)
    assert former.invoke(b"", "text/plain", 1).body == b"answered"
    assert (running(former), running(fleet)) == (False, True)


def test_a_request_to_a_fleet_that_nothing_succeeds_starts_nothing(fleets: list[Fleet]) -> None:
    fleets[0].retire()
    with pytest.raises(ModelServerError, match="has been deleted"):
        fleets[0].invoke(b"", "text/plain", 1)
    assert not running(fleets[0])


def test_a_container_that_was_stopped_is_not_started_again(fleets: list[Fleet]) -> None:
    fleets[0].container.kill()
    with pytest.raises(ModelServerError, match="not running any more"):
        fleets[0].container.invoke(b"", "text/plain", 1)
    assert not running(fleets[0])


def alarm(endpoints: Endpoints, state: str) -> Json:
    name, cloudwatch = unique("alarm"), endpoints.emulator.client("cloudwatch")
    cloudwatch.put_metric_alarm(
        AlarmName=name,
        Namespace="tests",
        MetricName="errors",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanThreshold",
    )
    cloudwatch.set_alarm_state(AlarmName=name, StateValue=state, StateReason="test")
    return {
        "BlueGreenUpdatePolicy": {"TrafficRoutingConfiguration": {"Type": "ALL_AT_ONCE", "WaitIntervalInSeconds": 0}},
        "AutoRollbackConfiguration": {"Alarms": [{"AlarmName": name}]},
    }


def test_an_alarm_rolls_a_change_back(endpoints: Endpoints, serving: str) -> None:
    before = endpoints.settled(serving)["EndpointConfigName"]
    update = {"EndpointName": serving, "EndpointConfigName": endpoints.configuration()}
    endpoints.sagemaker.update_endpoint(**update, DeploymentConfig=alarm(endpoints, "ALARM"))
    described = endpoints.settled(serving)
    assert described["EndpointConfigName"] == before
    assert "is in the ALARM state" in described["FailureReason"]
    assert endpoints.ask(serving)["choices"]
    endpoints.sagemaker.update_endpoint(**update, DeploymentConfig=alarm(endpoints, "OK"))
    described = endpoints.settled(serving)
    assert described["EndpointConfigName"] == update["EndpointConfigName"]
    assert "FailureReason" not in described
    assert endpoints.ask(serving)["choices"]


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
