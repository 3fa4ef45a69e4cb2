"""Calls that leave botocore's clients out reach the services as theirs do, and fail as theirs do."""

from __future__ import annotations

import gc
import hashlib
import hmac
import json
import socket
import ssl
from base64 import b64encode
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import quote

import pytest
from botocore.exceptions import NoCredentialsError
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from lambdas.shared import aws, direct
from lambdas.shared.errors import ServiceCallFailed

SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
ARN = "arn:aws:bedrock:eu-west-1:123456789012:custom-model-deployment/abc 1~2"
QUESTION: dict[str, Any] = {"messages": [{"role": "user", "content": [{"text": "Über owls?"}]}]}
KEY = {"pk": {"S": "a"}, "sk": {"S": "b"}}
Answer = tuple[int, Mapping[str, str], bytes]


@dataclass
class Asked:
    """A request that came."""

    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Service:
    """What stands in for a service: `answers` in turn, the last one for ever; None closes the connection."""

    url: str = ""
    asked: list[Asked] = field(default_factory=list)
    answers: list[Answer | None] = field(default_factory=lambda: [(200, {}, b"{}")])


@contextmanager
def served(tls: ssl.SSLContext | None = None) -> Iterator[Service]:
    """Serve over HTTP, or HTTPS."""
    service = Service()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            names = {name.lower(): value for name, value in self.headers.items()}
            service.asked.append(Asked(self.path, names, body))
            answer = service.answers.pop(0) if len(service.answers) > 1 else service.answers[0]
            if answer is None:
                self.close_connection = True
                return
            status, headers, content = answer
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(content))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    thread = Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    service.url = f"{'https' if tls else 'http'}://127.0.0.1:{server.server_port}"
    yield service
    server.shutdown()
    server.server_close()


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    with served() as service:
        for name, value in {
            "AWS_ENDPOINT_URL": service.url,
            "AWS_DEFAULT_REGION": "eu-west-1",
            "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_SESSION_TOKEN": "token",
        }.items():
            monkeypatch.setenv(name, value)
        direct.forget()
        yield service
        direct.forget()


def converse(model_id: str, document: Mapping[str, Any], attempts: int = 1) -> Any:
    bedrock = direct.service("bedrock-runtime", attempts=attempts)
    return bedrock.post("Converse", f"/model/{quote(model_id, safe='')}/converse", document)


@pytest.mark.parametrize("model_id", ["amazon.nova-lite-v1:0", ARN])
def test_a_document_is_sent_where_and_as_the_client_sends_it(service: Service, model_id: str) -> None:
    service.answers = [(200, {}, b'{"output": {"message": {"role": "user", "content": []}}}')]
    aws.client("bedrock-runtime").converse(modelId=model_id, **QUESTION)
    converse(model_id, QUESTION)

    theirs, ours = service.asked
    assert ours.path == theirs.path
    assert json.loads(ours.body) == json.loads(theirs.body)
    assert ours.headers["content-type"] == theirs.headers["content-type"]
    assert ours.headers["x-amz-security-token"] == theirs.headers["x-amz-security-token"] == "token"
    assert "Botocore/" in ours.headers["user-agent"]


def test_a_call_is_sent_as_the_client_sends_it_and_answered_likewise(service: Service) -> None:
    item = json.dumps({"Item": {"n": {"N": "7"}, "t": {"S": "é"}}}).encode()
    service.answers = [(200, {}, item)]
    request = {"TableName": "table", "Key": KEY, "ConsistentRead": True}

    found = aws.client("dynamodb").get_item(**request)
    item_again = direct.service("dynamodb", attempts=1).call("GetItem", request)

    theirs, ours = service.asked
    assert (ours.path, json.loads(ours.body)) == (theirs.path, json.loads(theirs.body))
    for name in ("content-type", "x-amz-target"):
        assert ours.headers[name] == theirs.headers[name]
    assert item_again["Item"] == found["Item"]


@pytest.mark.parametrize("model_id", ["amazon.nova-lite-v1:0", ARN])
def test_what_is_sent_is_signed_as_aws_says(service: Service, model_id: str) -> None:
    converse(model_id, QUESTION)
    direct.service("dynamodb", attempts=1).call("GetItem", {"TableName": "table", "Key": KEY})

    for asked, name in zip(service.asked, ("bedrock", "dynamodb"), strict=True):
        signed = dict(part.split("=", 1) for part in asked.headers["authorization"].split(" ", 1)[1].split(", "))
        assert {"host", "x-amz-date", "x-amz-security-token"} <= set(signed["SignedHeaders"].split(";"))
        assert signed["Signature"] == signature(asked, signed["SignedHeaders"], name)


ERRORS = [
    (400, {}, b'{"__type": "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException", "message": "no"}'),
    (429, {"x-amzn-ErrorType": "ThrottlingException:http://a/"}, b'{"message": "Too many requests"}'),
    (
        424,
        {"x-amzn-ErrorType": "ModelErrorException"},
        b'{"message": "m", "originalStatusCode": 400, "resourceName": "r"}',
    ),
    (503, {"Content-Type": "text/html"}, b"<html>down</html>"),
    (500, {}, b""),
]


@pytest.mark.parametrize("answer", ERRORS, ids=lambda answer: str(answer[0]))
def test_an_error_is_the_one_that_the_client_raises(service: Service, answer: Answer) -> None:
    service.answers = [answer]
    with pytest.raises(aws.ClientError) as theirs:
        aws.client("bedrock-runtime", attempts=1).converse(modelId="m", **QUESTION)
    with pytest.raises(aws.ClientError) as ours:
        converse("m", QUESTION)

    # Date and length of the answer, and how often it was asked for, are not of the error.
    told = [{**failure.value.response, "ResponseMetadata": None} for failure in (theirs, ours)]
    assert told[0] == told[1]
    assert ours.value.operation_name == theirs.value.operation_name
    status = [failure.value.response["ResponseMetadata"]["HTTPStatusCode"] for failure in (theirs, ours)]
    assert status == [answer[0], answer[0]]


@pytest.mark.parametrize("body", [b"[]", b'"upstream busy"', b"null", b'{"__type": 5}'])
def test_an_error_of_an_unknown_form_is_told_by_its_status(service: Service, body: bytes) -> None:
    service.answers = [(503, {}, body)]
    with pytest.raises(aws.ClientError) as failure:
        converse("m", QUESTION)

    assert aws.error_code(failure.value) == "503"
    assert aws.passes_by_itself(failure.value)


@pytest.mark.parametrize(
    "first", [(400, {}, b'{"__type": "ProvisionedThroughputExceededException"}'), (500, {}, b"{}"), None]
)
def test_what_may_pass_by_itself_is_tried_again(service: Service, first: Answer | None) -> None:
    service.answers = [first, first, (200, {}, b'{"Item": {}}')]

    answer = direct.service("dynamodb", attempts=3).call("GetItem", {"TableName": "t", "Key": KEY})

    assert answer == {"Item": {}}
    assert len(service.asked) == 3


def test_it_is_tried_no_more_often_than_it_may_be(service: Service) -> None:
    service.answers = [None]
    with pytest.raises(aws.NETWORK_ERRORS):
        direct.service("dynamodb", attempts=2).call("GetItem", {"TableName": "t", "Key": KEY})

    assert len(service.asked) == 2


def test_a_refusal_is_not_tried_again(service: Service) -> None:
    service.answers = [(400, {}, b'{"__type": "ValidationException", "message": "no"}')]
    with pytest.raises(aws.ClientError, match="ValidationException"):
        direct.service("dynamodb", attempts=3).call("GetItem", {"TableName": "t", "Key": KEY})

    assert len(service.asked) == 1


@pytest.mark.parametrize("content", [b"<html></html>", b"", b"[" * 100_000])
def test_an_answer_that_is_no_json_says_what_to_look_for(service: Service, content: bytes) -> None:
    service.answers = [(200, {}, content)]
    with pytest.raises(ServiceCallFailed, match=r"GetItem answered with something that is no JSON.*proxy"):
        direct.service("dynamodb", attempts=1).call("GetItem", {"TableName": "t", "Key": KEY})


def test_without_credentials_nothing_is_sent(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    direct.forget()

    with pytest.raises(NoCredentialsError):
        converse("m", QUESTION)
    assert service.asked == []


@pytest.mark.parametrize("text", ["", "é", "\U0001f989", "\u2028", "\ud83e", "\x00", '"\\'])
def test_any_text_arrives(service: Service, text: str) -> None:
    converse("m", {"system": [{"text": text}]})

    assert json.loads(service.asked[0].body) == {"system": [{"text": text}]}


@pytest.fixture
def secure(service: Service, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[tuple[Service, Path]]:
    """A service with TLS, and the certificate that it shows."""
    certificate = self_signed(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with served(context) as secured:
        monkeypatch.setenv("AWS_ENDPOINT_URL", secured.url)
        direct.forget()
        yield secured, certificate


def test_a_service_is_asked_over_tls(secure: tuple[Service, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    service, certificate = secure
    monkeypatch.setenv("AWS_CA_BUNDLE", str(certificate))

    assert converse("m", QUESTION).status == 200
    assert json.loads(service.asked[0].body) == QUESTION


def test_nobody_else_is_taken_for_the_service(secure: tuple[Service, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    service, _ = secure
    monkeypatch.delenv("AWS_CA_BUNDLE", raising=False)

    with pytest.raises(aws.NETWORK_ERRORS, match="certificate verify failed"):
        converse("m", QUESTION)
    assert service.asked == []


@pytest.mark.parametrize("scheme", ["http://", ""])
def test_a_proxy_is_asked_for_the_way(
    secure: tuple[Service, Path], monkeypatch: pytest.MonkeyPatch, scheme: str
) -> None:
    service, certificate = secure
    monkeypatch.setenv("AWS_CA_BUNDLE", str(certificate))
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(20)
        monkeypatch.setenv("HTTPS_PROXY", f"{scheme}ann:secret@127.0.0.1:{listener.getsockname()[1]}")
        direct.forget()
        with ThreadPoolExecutor(3) as threads:
            way = threads.submit(relayed, listener, threads)
            assert converse("m", QUESTION).status == 200
            direct.forget()
            gc.collect()
            asked = way.result()

    assert asked.startswith(f"CONNECT {service.url.removeprefix('https://')} ")
    assert f"Proxy-Authorization: Basic {b64encode(b'ann:secret').decode()}" in asked


def relayed(listener: socket.socket, threads: ThreadPoolExecutor) -> str:
    """Be a proxy for one connection, and give what it asked for."""
    client, _ = listener.accept()
    asked = client.recv(65_536).decode()
    host, port = asked.split()[1].split(":")
    server = socket.create_connection((host, int(port)))
    client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
    for source, sink in ((client, server), (server, client)):
        threads.submit(piped, source, sink)
    return asked


def piped(source: socket.socket, sink: socket.socket) -> None:
    while piece := source.recv(65_536):
        sink.sendall(piece)
    with suppress(OSError):
        sink.shutdown(socket.SHUT_WR)


def self_signed(folder: Path) -> Path:
    """Make a key and a certificate for 127.0.0.1, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = folder / "certificate.pem"
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.write_bytes(private + certificate.public_bytes(Encoding.PEM))
    return path


def signature(asked: Asked, signed_headers: str, service: str) -> str:
    """Sign a request as the guide says. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html"""
    moment = asked.headers["x-amz-date"]
    day, region = moment[:8], "eu-west-1"
    # The path as it is sent, encoded once more: so for every service but S3.
    canonical = "\n".join(
        (
            "POST",
            quote(asked.path, safe="/~"),
            "",
            *(f"{name}:{asked.headers[name]}" for name in signed_headers.split(";")),
            "",
            signed_headers,
            hashlib.sha256(asked.body).hexdigest(),
        )
    )
    scope = f"{day}/{region}/{service}/aws4_request"
    text = "\n".join(("AWS4-HMAC-SHA256", moment, scope, hashlib.sha256(canonical.encode()).hexdigest()))
    key = f"AWS4{SECRET}".encode()
    for part in (*scope.split("/"), text):
        key = hmac.digest(key, part.encode(), "sha256")
    return key.hex()


def test_head_and_body_are_written_together(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{listener.getsockname()[1]}")
        direct.forget()
        with ThreadPoolExecutor(1) as thread:
            answer = thread.submit(converse, "m", QUESTION)
            connection, _ = listener.accept()
            with connection:
                first = connection.recv(65_536)
                connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}")
                answer.result()

    assert json.loads(first.partition(b"\r\n\r\n")[2]) == QUESTION
