"""An application behind the Lambda Web Adapter and a REST API, for tests of both."""

from __future__ import annotations

import io
import json
import urllib.request
import zipfile
from typing import Any

from tests.twin.helpers import Json, make_role, unique, wait_until
from tests.twin.stack import Stack
from twin.emulator import Emulator

LAYER = "arn:aws:lambda:us-east-1:753240598075:layer:LambdaAdapterLayerX86:26"
RUN = "#!/bin/bash\nexec python application.py\n"
APPLICATION = """
import json, os, select, socket, sys, threading, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

released, gone, began = threading.Event(), threading.Event(), threading.Event()

class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args): pass

    def answer(self):
        route = urlsplit(self.path).path.rpartition("/")[2]
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        getattr(self, "on_" + route, self.on_echo)(body)

    do_GET = do_POST = do_DELETE = answer

    def whole(self, content, status=200):
        data = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Set-Cookie", "a=1")
        self.send_header("Set-Cookie", "b=2")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def pieces(self, *parts):
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()

    def piece(self, text):
        self.wfile.write(b"%x\\r\\n%s\\r\\n" % (len(text), text.encode()))
        self.wfile.flush()

    def on_echo(self, body):
        print("echoed", flush=True)
        headers = {}
        for name, value in self.headers.items():
            headers.setdefault(name.lower(), []).append(value.encode("latin-1").decode())
        self.whole({"method": self.command, "path": self.path, "headers": headers, "body": body.decode(),
                    "environment": dict(os.environ), "pid": os.getpid(), "python": sys.executable})

    def on_stream(self, body):
        self.pieces()
        self.piece("data: one\\n\\n")
        released.wait(20)
        self.piece("data: two\\n\\n")
        self.piece("")

    def on_release(self, body):
        released.set()
        self.whole({})

    def on_forever(self, body):
        self.pieces()
        try:
            while True:
                self.piece("data: more\\n\\n")
                time.sleep(0.02)
        except OSError:
            gone.set()

    def on_silent(self, body):
        began.set()
        select.select([self.connection], [], [], 20)
        if not self.connection.recv(1, socket.MSG_PEEK):
            gone.set()
        self.close_connection = True

    def on_began(self, body): self.whole(began.wait(10))
    def on_gone(self, body):
        self.whole(gone.wait(10))
        gone.clear()
    def on_short(self, body):
        self.send_response(200)
        self.send_header("Content-Length", "100")
        self.end_headers()
        self.wfile.write(b"too little")
        self.close_connection = True
    def on_cut(self, body):
        self.pieces()
        self.piece("data: one\\n\\n")
        self.close_connection = True
    def on_slow(self, body): time.sleep(60)
    def on_exit(self, body): os._exit(3)
    def on_identity(self, body):
        import boto3
        self.whole(boto3.client("sts").get_caller_identity()["Arn"])

ThreadingHTTPServer(("127.0.0.1", int(os.environ["AWS_LWA_PORT"])), Handler).serve_forever()
"""


def archive(executable: bool = True, **files: str) -> bytes:
    """A function's archive: `run_sh` is its handler, unless told otherwise a program."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as written:
        for name, text in files.items():
            entry = zipfile.ZipInfo(name.replace("_", ".", 1))
            entry.external_attr = (0o755 if executable and name == "run_sh" else 0o644) << 16
            written.writestr(entry, text)
    return content.getvalue()


def make_web_function(
    emulator: Emulator,
    *statements: Json,
    variables: Json | None = None,
    code: bytes | None = None,
    layers: tuple[str, ...] = (LAYER,),
    **settings: Any,
) -> str:
    """A function that runs the application, or other code, behind the adapter; its ARN."""
    name, client = unique("web"), emulator.client("lambda")
    given = {
        "AWS_LAMBDA_EXEC_WRAPPER": "/opt/bootstrap",
        "AWS_LWA_INVOKE_MODE": "response_stream",
        "AWS_LWA_READINESS_CHECK_PATH": "/ready",
        **(variables or {}),
    }
    created = client.create_function(
        FunctionName=name,
        Role=make_role(emulator, "lambda", *statements),
        Runtime="python3.12",
        Handler="run.sh",
        Code={"ZipFile": code or archive(run_sh=RUN, application_py=APPLICATION)},
        Layers=list(layers),
        Environment={"Variables": given},
        **{"Timeout": 20, **settings},
    )
    wait_until(lambda: client.get_function_configuration(FunctionName=name)["State"], lambda state: state == "Active")
    return str(created["FunctionArn"])


def proxy(function_arn: str, streaming: bool = True) -> Json:
    """The integration that CDK writes for a function."""
    date, call = ("2021-11-15", "response-streaming-invocations") if streaming else ("2015-03-31", "invocations")
    uri = f"arn:aws:apigateway:us-east-1:lambda:path/{date}/functions/{function_arn}/{call}"
    mode = {"ResponseTransferMode": "STREAM"} if streaming else {}
    return {"Type": "AWS_PROXY", "IntegrationHttpMethod": "POST", "Uri": uri, **mode}


def api_resources(integration: Json, api: Json | None = None, **method: Any) -> dict[str, Json]:
    """A REST API with `/v1/{proxy+}` for any method, and its stage `live`."""

    def made(kind: str, depends_on: str = "", **properties: Any) -> Json:
        depends = {"DependsOn": [depends_on]} if depends_on else {}
        return {
            "Type": f"AWS::ApiGateway::{kind}",
            "Properties": {"RestApiId": {"Ref": "Api"}, **properties},
            **depends,
        }

    return {
        "Api": {"Type": "AWS::ApiGateway::RestApi", "Properties": {"Name": unique("api"), **(api or {})}},
        "V1": made("Resource", ParentId={"Fn::GetAtt": ["Api", "RootResourceId"]}, PathPart="v1"),
        "Any": made("Resource", ParentId={"Ref": "V1"}, PathPart="{proxy+}"),
        "Method": made(
            "Method",
            ResourceId={"Ref": "Any"},
            HttpMethod="ANY",
            Integration=integration,
            **{"AuthorizationType": "NONE", **method},
        ),
        "Deployment": made("Deployment", depends_on="Method"),
        "Stage": made("Stage", StageName="live", DeploymentId={"Ref": "Deployment"}),
    }


def deploy_api(emulator: Emulator, integration: Json, **method: Any) -> str:
    """Where a new REST API with this integration is served, up to `/v1`."""
    stack = Stack(emulator)
    status = stack.create(**api_resources(integration, **method))["StackStatus"]
    assert status == "CREATE_COMPLETE", stack.reasons()
    return f"{emulator.api_url(stack.reference('Api'), 'live')}/v1"


def context_of(answer: Json) -> Json:
    """The request context that reached the application."""
    return dict(json.loads(answer["headers"]["x-amzn-request-context"][0]))


def call(url: str, method: str = "GET", body: bytes | None = None, **headers: str) -> tuple[int, Any, Any]:
    """Status, headers and JSON body of an answer."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    request = urllib.request.Request(url, data=body, method=method, headers=named)
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=60) as answer:
            return answer.status, answer.headers, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, error.headers, json.load(error)
