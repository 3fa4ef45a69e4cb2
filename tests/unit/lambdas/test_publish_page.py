"""The page's files come into their bucket, whole and typed, and CloudFormation hears how it went, whatever happens."""

from __future__ import annotations

import io
import json
import threading
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING, Any

import pytest

from lambdas.publish_page.handler import handle

if TYPE_CHECKING:
    from tests.unit.lambdas.conftest import Cloud, Context

VERSION, FORMER = "abc123/", "000aaa/"
PAGE = {"index.html": "<!doctype html>", "app/main.js": "export {};", "styles/base.css": ":root {}"}


class CloudFormation:
    """Where answers go."""

    def __init__(self) -> None:
        self.answers: list[dict[str, Any]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_PUT(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.answers.append({**json.loads(body), "type": self.headers["Content-Type"]})
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/answer"
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.fixture
def cloudformation() -> Iterator[CloudFormation]:
    made = CloudFormation()
    yield made
    made.close()


def archive(files: dict[str, str]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as zipped:
        zipped.writestr("app/", "")
        for name, text in files.items():
            zipped.writestr(name, text)
    return content.getvalue()


@pytest.fixture
def versions(cloud: Cloud) -> set[tuple[str, str]]:
    """Keys and versions in the page's bucket, `mark` being that of a deleted object; S3 lists two of them a page."""
    there: set[tuple[str, str]] = set()

    def listed(params: Any) -> dict[str, Any]:
        after = (params.get("KeyMarker", ""), params.get("VersionIdMarker", ""))
        rest = sorted(one for one in there if one[0].startswith(params["Prefix"]) and one > after)
        page: dict[str, Any] = {"IsTruncated": len(rest) > 2, "Versions": [], "DeleteMarkers": []}
        for key, version in rest[:2]:
            page["DeleteMarkers" if version == "mark" else "Versions"].append({"Key": key, "VersionId": version})
        if page["IsTruncated"]:
            page["NextKeyMarker"], page["NextVersionIdMarker"] = rest[1]
        return page

    def delete(params: Any) -> dict[str, Any]:
        there.remove((params["Key"], params["VersionId"]))
        return {}

    cloud.on("s3", "ListObjectVersions", listed)
    cloud.on("s3", "DeleteObject", delete)
    return there


@pytest.fixture
def tell(cloud: Cloud, context: Context, cloudformation: CloudFormation) -> Any:
    """Send the function what CloudFormation sends, and give the answer."""
    cloud.objects["assets", "page.zip"] = archive(PAGE)

    def tell(kind: str, physical_id: str | None = None, **properties: Any) -> dict[str, Any]:
        event = {
            "RequestType": kind,
            "ResponseURL": cloudformation.url,
            "StackId": "stack",
            "RequestId": "request",
            "LogicalResourceId": "PageFiles",
            "ResourceProperties": {"Bucket": "page", "Prefix": VERSION, **properties},
            **({"PhysicalResourceId": physical_id} if physical_id else {}),
        }
        handle(event, context)
        (answer,) = cloudformation.answers
        cloudformation.answers.clear()
        return answer

    return tell


FILES = {"ArchiveBucket": "assets", "ArchiveKey": "page.zip"}


def test_every_file_is_published_under_the_version_with_its_type(cloud: Cloud, tell: Any) -> None:
    answer = tell("Create", **FILES)
    assert (answer["Status"], answer["PhysicalResourceId"]) == ("SUCCESS", VERSION)
    assert {name: answer[name] for name in ("StackId", "RequestId", "LogicalResourceId")} == {
        "StackId": "stack",
        "RequestId": "request",
        "LogicalResourceId": "PageFiles",
    }
    assert answer["type"] == ""
    written = {call["Key"]: call for call in cloud.called("s3", "PutObject")}
    assert {key: written[key]["Body"] for key in written} == {
        f"{VERSION}{name}": text.encode() for name, text in PAGE.items()
    }
    assert written[f"{VERSION}app/main.js"]["ContentType"] == "text/javascript; charset=utf-8"
    assert {call["CacheControl"] for call in written.values()} == {"no-cache"}


def test_another_version_is_another_resource_so_that_the_former_one_goes_when_nobody_is_sent_there(
    tell: Any, versions: set[tuple[str, str]]
) -> None:
    new = {(f"{VERSION}index.html", "1")}
    versions |= new | {(f"{FORMER}index.html", "1"), (f"{FORMER}index.html", "2")}
    before = set(versions)
    assert tell("Update", FORMER, **FILES)["PhysicalResourceId"] == VERSION
    assert versions == before

    answer = tell("Delete", FORMER, Prefix=FORMER)
    assert (answer["Status"], answer["PhysicalResourceId"]) == ("SUCCESS", FORMER)
    assert versions == new


def test_no_version_is_left_that_would_keep_cloudformation_from_deleting_the_bucket(
    tell: Any, versions: set[tuple[str, str]]
) -> None:
    gone = [("app/main.js", "1"), ("app/main.js", "mark"), ("index.html", "1"), ("index.html", "2"), ("x.css", "3")]
    versions |= {(f"{VERSION}{name}", version) for name, version in gone}
    assert tell("Delete", VERSION)["Status"] == "SUCCESS"
    assert not versions


def test_the_configuration_is_one_object_that_nobody_keeps(cloud: Cloud, tell: Any) -> None:
    wanted = {"api": "/api/v1", "cognito": {"client_id": "c1"}}
    assert tell("Create", Prefix="configuration/", Configuration=wanted)["Status"] == "SUCCESS"
    (call,) = cloud.called("s3", "PutObject")
    assert (call["Key"], call["CacheControl"]) == ("configuration/config.json", "no-store")
    assert json.loads(call["Body"]) == wanted


def test_a_file_of_an_unknown_type_is_named_and_nothing_is_published(cloud: Cloud, tell: Any) -> None:
    cloud.objects["assets", "page.zip"] = archive({**PAGE, "notes.docx": "", "app/run.exe": ""})
    answer = tell("Create", **FILES)
    assert answer["Status"] == "FAILED"
    assert "No type is known for app/run.exe, notes.docx (s3://assets/page.zip)" in answer["Reason"]
    assert not cloud.called("s3", "PutObject")


def test_a_refusal_of_aws_reaches_cloudformation(cloud: Cloud, tell: Any) -> None:
    cloud.refuse("s3", "PutObject", "AccessDenied", "not authorized to perform s3:PutObject")
    answer = tell("Create", **FILES)
    assert answer["Status"] == "FAILED"
    assert "s3:PutObject" in answer["Reason"]
    assert len(answer["Reason"]) <= 1000


def test_what_was_never_made_is_deleted_without_touching_a_version(cloud: Cloud, tell: Any) -> None:
    failed = tell("Create", **{**FILES, "ArchiveKey": 7})
    assert failed["Status"] == "FAILED"
    tell("Create", **FILES)
    assert tell("Delete", failed["PhysicalResourceId"], **FILES)["Status"] == "SUCCESS"
    assert not cloud.called("s3", "DeleteObject")
