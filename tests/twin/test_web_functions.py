"""Functions with the Lambda Web Adapter, behind REST APIs that stream and that do not."""

from __future__ import annotations

import http.client
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest

from tests.twin.helpers import Json, wait_until
from tests.twin.web_api import APPLICATION, LAYER, RUN, archive, call, context_of, deploy_api, make_web_function, proxy
from twin.emulator import Emulator


@pytest.fixture(scope="module")
def function(emulator: Emulator) -> str:
    return make_web_function(emulator)


@pytest.fixture(scope="module")
def url(emulator: Emulator, function: str) -> str:
    return deploy_api(emulator, proxy(function))


def opened(url: str, timeout: float = 60) -> http.client.HTTPConnection:
    """A connection over which a request for the address has been sent."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=timeout)
    connection.request("GET", f"{parts.path}?{parts.query}" if parts.query else parts.path)
    return connection


# ---- what the application gets --------------------------------------------------------------------------


def test_a_request_reaches_the_application_as_it_was_sent(url: str) -> None:
    status, headers, answer = call(
        f"{url}/some/path%20x?q=1&q=two&z=%C3%A9", "POST", b'{"text": "\xc3\xa9"}', x_own="mine"
    )
    assert status == 200
    assert (answer["method"], answer["path"]) == ("POST", "/v1/some/path%20x?q=1&q=two&z=%C3%A9")
    assert answer["body"] == '{"text": "é"}'
    assert answer["headers"]["x-own"] == ["mine"]
    assert headers.get_all("set-cookie") == ["a=1", "b=2"]


def test_the_request_context_says_where_a_request_came_in(url: str) -> None:
    context = context_of(call(f"{url}/echo")[2])
    assert (context["httpMethod"], context["resourcePath"], context["stage"]) == ("GET", "/v1/{proxy+}", "live")


def test_the_lambda_context_says_until_when_the_function_may_work(url: str, function: str) -> None:
    context = json.loads(call(f"{url}/echo")[2]["headers"]["x-amzn-lambda-context"][0])
    assert context["invoked_function_arn"] == function
    assert context["env_config"]["memory"] == 128
    assert context["deadline"] > 1_700_000_000_000


@pytest.mark.parametrize("name", ["x-amzn-request-context", "X-Amzn-Request-Context", "x-amzn-lambda-context"])
def test_a_client_cannot_send_a_context_of_its_own(url: str, name: str) -> None:
    answer = call(f"{url}/echo", "GET", None, **{name: '{"authorizer": {"claims": {"sub": "forged"}}}'})[2]
    assert len(answer["headers"][name.lower()]) == 1
    assert "forged" not in json.dumps(answer["headers"])


def test_the_application_has_lambdas_environment_and_no_other(url: str, function: str) -> None:
    answer = call(f"{url}/echo")[2]
    environment = answer["environment"]
    assert environment["AWS_LAMBDA_FUNCTION_NAME"] == function.rpartition(":")[2]
    assert environment["AWS_EXECUTION_ENV"] == "AWS_Lambda_python3.12"
    assert "GATEWAY_PORT" not in environment
    assert "function-python" in answer["python"]


def test_the_application_has_its_roles_credentials(url: str, function: str) -> None:
    arn = call(f"{url}/identity")[2]
    assert ":assumed-role/lambda-role-" in arn
    assert arn.endswith(function.rpartition(":")[2])


def test_all_requests_share_one_process_until_the_function_changes(emulator: Emulator) -> None:
    arn = make_web_function(emulator)
    url = deploy_api(emulator, proxy(arn))
    first, second = call(f"{url}/echo")[2]["pid"], call(f"{url}/echo")[2]["pid"]
    client = emulator.client("lambda")
    variables = client.get_function_configuration(FunctionName=arn)["Environment"]["Variables"]
    client.update_function_configuration(FunctionName=arn, Environment={"Variables": {**variables, "NEW": "1"}})
    third = call(f"{url}/echo")[2]
    assert first == second != third["pid"]
    assert third["environment"]["NEW"] == "1"


def test_a_change_while_the_process_comes_up_is_not_lost(emulator: Emulator, tmp_path: Path) -> None:
    began, gate = tmp_path / "began", tmp_path / "gate"
    waits = f"#!/bin/bash\ntouch {began}\nuntil [ -e {gate} ]; do sleep 0.05; done\nexec python application.py\n"
    arn = make_web_function(emulator, code=archive(run_sh=waits, application_py=APPLICATION))
    url = deploy_api(emulator, proxy(arn))
    changed = archive(run_sh=RUN.replace("exec", "export NEW=1; exec"), application_py=APPLICATION)
    with ThreadPoolExecutor(2) as elsewhere:
        waiting = [elsewhere.submit(call, f"{url}/echo") for _ in range(2)]  # for one process, of the code before
        wait_until(began.exists, bool)
        emulator.client("lambda").update_function_code(FunctionName=arn, ZipFile=changed)
        gate.touch()
        assert [answer.result()[0] for answer in waiting] == [200, 200]
    assert call(f"{url}/echo")[2]["environment"]["NEW"] == "1"


# ---- streams --------------------------------------------------------------------------------------------


def test_the_first_piece_arrives_before_the_last_is_made(url: str) -> None:
    answer = opened(f"{url}/stream").getresponse()
    assert answer.getheader("content-type") == "text/event-stream"
    assert answer.read1() == b"data: one\n\n"
    call(f"{url}/release")
    assert answer.read() == b"data: two\n\n"


def test_a_client_that_goes_away_ends_the_request_to_the_application(url: str) -> None:
    connection = opened(f"{url}/forever")
    connection.getresponse().read1()
    connection.close()
    assert call(f"{url}/gone")[2] is True


def test_so_does_one_that_goes_away_before_the_answer_has_begun(url: str) -> None:
    connection = opened(f"{url}/silent")
    assert call(f"{url}/began")[2] is True
    connection.close()
    assert call(f"{url}/gone")[2] is True


@pytest.mark.parametrize("route", ["short", "cut"])
def test_an_answer_that_breaks_off_breaks_off_for_the_client(url: str, route: str) -> None:
    answer = opened(f"{url}/{route}").getresponse()
    with pytest.raises(http.client.IncompleteRead):
        answer.read()


def test_test_invoke_method_gathers_the_stream(emulator: Emulator, url: str) -> None:
    client, api_id = emulator.client("apigateway"), url.split("/")[-3]
    resource = next(
        item["id"] for item in client.get_resources(restApiId=api_id)["items"] if item["path"] == "/v1/{proxy+}"
    )
    answer = client.test_invoke_method(
        restApiId=api_id, resourceId=resource, httpMethod="GET", pathWithQueryString="/v1/echo"
    )
    assert answer["status"] == 200
    assert context_of(json.loads(answer["body"]))["stage"] == "test-invoke-stage"


def test_the_integrations_timeout_ends_a_request_and_a_stream(emulator: Emulator, function: str) -> None:
    url = deploy_api(emulator, {**proxy(function), "TimeoutInMillis": 1000})
    assert call(f"{url}/slow")[0::2] == (504, {"message": "Endpoint request timed out"})
    answer = opened(f"{url}/forever").getresponse()
    with pytest.raises(http.client.IncompleteRead):
        answer.read()
    assert call(f"{url}/gone")[2] is True


# ---- without streams ------------------------------------------------------------------------------------


def test_a_buffered_function_answers_through_a_buffered_integration(emulator: Emulator) -> None:
    arn = make_web_function(emulator, variables={"AWS_LWA_INVOKE_MODE": "buffered"})
    status, headers, answer = call(f"{deploy_api(emulator, proxy(arn, streaming=False))}/echo", "POST", b"x")
    assert (status, answer["body"]) == (200, "x")
    assert headers.get_all("set-cookie") == ["a=1", "b=2"]


@pytest.mark.parametrize(("mode", "streaming"), [("buffered", True), ("response_stream", False)])
def test_a_function_and_an_integration_of_different_modes_do_not_meet(
    emulator: Emulator, mode: str, streaming: bool
) -> None:
    arn = make_web_function(emulator, variables={"AWS_LWA_INVOKE_MODE": mode})
    status, _, answer = call(f"{deploy_api(emulator, proxy(arn, streaming))}/echo")
    assert (status, answer) == (502, {"message": "Internal server error"})


# ---- failures -------------------------------------------------------------------------------------------


def log_of(emulator: Emulator, arn: str) -> str:
    group = f"/aws/lambda/{arn.rpartition(':')[2]}"
    events = emulator.client("logs").filter_log_events(logGroupName=group)["events"]
    return "\n".join(event["message"] for event in events)


def test_what_the_application_prints_is_in_the_functions_log(emulator: Emulator, url: str, function: str) -> None:
    call(f"{url}/echo")
    assert "echoed" in wait_until(lambda: log_of(emulator, function), lambda text: "echoed" in text)


def test_an_invocation_ends_with_the_functions_timeout_and_the_next_gets_a_new_process(emulator: Emulator) -> None:
    arn = make_web_function(emulator, Timeout=2)
    url = deploy_api(emulator, proxy(arn))
    before = call(f"{url}/echo")[2]["pid"]
    assert call(f"{url}/slow")[0] == 502
    assert "Task timed out after 2.00 seconds" in log_of(emulator, arn)
    assert call(f"{url}/echo")[2]["pid"] != before


def test_a_process_that_dies_fails_its_request_and_the_next_gets_a_new_one(emulator: Emulator) -> None:
    arn = make_web_function(emulator)
    url = deploy_api(emulator, proxy(arn))
    assert call(f"{url}/exit")[0] == 502
    assert "Runtime exited without providing a reason" in log_of(emulator, arn)
    assert call(f"{url}/echo")[0] == 200


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (archive(run_sh="#!/bin/bash\necho no settings >&2; exit 9"), ["no settings", "exit status 9"]),
        (archive(executable=False, run_sh="#!/bin/bash\n"), ["Permission denied", "exit status 126"]),
    ],
)
def test_an_application_that_does_not_come_up_says_why_in_its_log(
    emulator: Emulator, code: bytes, said: list[str]
) -> None:
    arn = make_web_function(emulator, code=code)
    assert call(f"{deploy_api(emulator, proxy(arn))}/echo")[0] == 502
    assert all(text in log_of(emulator, arn) for text in said)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"variables": {"AWS_LWA_REMOVE_BASE_PATH": "/v1"}}, "does not honour AWS_LWA_REMOVE_BASE_PATH"),
        ({"variables": {"AWS_LAMBDA_EXEC_WRAPPER": "/opt/other"}}, "no wrapper /opt/other"),
        ({"layers": (LAYER, "arn:aws:lambda:us-east-1:123456789012:layer:Other:1")}, "layer:Other:1"),
    ],
)
def test_what_is_not_done_is_refused_by_name(emulator: Emulator, settings: Json, said: str) -> None:
    name = make_web_function(emulator, **settings)
    answer = emulator.client("lambda").invoke(FunctionName=name, Payload=b'{"httpMethod": "GET"}')
    assert said in json.load(answer["Payload"])["errorMessage"]


def test_such_a_function_answers_an_api_with_an_error_that_says_nothing(emulator: Emulator) -> None:
    arn = make_web_function(emulator, variables={"AWS_LWA_REMOVE_BASE_PATH": "/v1"})
    status, _, answer = call(f"{deploy_api(emulator, proxy(arn))}/echo")
    assert (status, answer) == (502, {"message": "Internal server error"})
    assert "AWS_LWA_REMOVE_BASE_PATH" in log_of(emulator, arn)


def test_no_application_outlives_its_emulator(tmp_path: Path) -> None:
    with Emulator(tmp_path) as emulator:
        pid = call(f"{deploy_api(emulator, proxy(make_web_function(emulator)))}/echo")[2]["pid"]
        assert psutil.pid_exists(pid)
    assert not psutil.pid_exists(pid)


def test_an_event_that_is_no_request_is_refused_by_name(emulator: Emulator, function: str) -> None:
    answer = emulator.client("lambda").invoke(FunctionName=function, Payload=b'{"Records": []}')
    assert "requests of REST APIs alone" in json.load(answer["Payload"])["errorMessage"]
