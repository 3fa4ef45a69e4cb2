"""Query executions: started as their caller, run in the background, their results in S3 and in GetQueryResults."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from botocore.exceptions import ClientError

from twin.athena.errors import QueryCancelled, QueryFailed, QueryRefused
from twin.athena.store import EXECUTIONS, WORKGROUPS, check
from twin.athena.workgroups import ENGINE
from twin.credentials import client_from, environment_of
from twin.emulator import hooks
from twin.emulator.hooks import Request, ServiceError
from twin.support import ANY, unsupported

if TYPE_CHECKING:
    from twin.athena.engine import Result
    from twin.athena.statement import Statement

Json = dict[str, Any]
_HONOURED = {
    "ClientRequestToken": ANY,
    "ExecutionParameters": ANY,
    "QueryExecutionContext": {"Catalog": frozenset({"AwsDataCatalog", "awsdatacatalog"}), "Database": ANY},
    "QueryString": ANY,
    "ResultConfiguration": {
        "OutputLocation": ANY,
        "EncryptionConfiguration": {"EncryptionOption": frozenset({"SSE_KMS", "SSE_S3"}), "KmsKey": ANY},
    },
    "WorkGroup": ANY,
}
_PAGE = 1000
_RESULTS: dict[str, Result] = {}
_LIVING: dict[str, threading.Thread] = {}


def start_query_execution(request: Request) -> Json:
    """StartQueryExecution: translates the query, and runs it in the background."""
    given = request.parameters
    check("StartQueryExecution", given)
    if refused := list(unsupported(_HONOURED, given)):
        raise ServiceError("InvalidRequestException", " ".join(refused))
    group = WORKGROUPS.named(given.get("WorkGroup", "primary"))
    if group["State"] != "ENABLED":
        raise ServiceError("InvalidRequestException", f"WorkGroup {group['Name']} is disabled.")
    execution = _new_execution(given, group)
    key = execution["QueryExecutionId"]
    statement = _prepared(given, execution["QueryExecutionContext"]["Database"])
    caller = environment_of(hooks.caller_credentials(request))
    cutoff = group["Configuration"].get("BytesScannedCutoffPerQuery")
    EXECUTIONS.put(key, execution)
    _LIVING[key] = hooks.in_background(f"athena-{key[:8]}", lambda: _run(execution, statement, caller, cutoff))
    return {"QueryExecutionId": key}


def get_query_execution(request: Request) -> Json:
    """GetQueryExecution."""
    check("GetQueryExecution", request.parameters)
    return {"QueryExecution": EXECUTIONS.named(request.parameters["QueryExecutionId"])}


def get_query_results(request: Request) -> Json:
    """GetQueryResults, by pages; the caller must be allowed to read the result's object."""
    given = request.parameters
    check("GetQueryResults", given)
    key = given["QueryExecutionId"]
    execution = EXECUTIONS.named(key)
    state = execution["Status"]["State"]
    if state != "SUCCEEDED":
        reason = execution["Status"].get("StateChangeReason", "")
        raise ServiceError("InvalidRequestException", f"Query did not finish successfully. State: {state}. {reason}")
    if key not in _RESULTS:
        place = execution["ResultConfiguration"]["OutputLocation"]
        raise ServiceError("InvalidRequestException", f"The twin kept the result of {key} in {place} only.")
    _require_readable(request, execution)
    return _page(_RESULTS[key], int(given.get("NextToken") or 0), int(given.get("MaxResults") or _PAGE))


def wait_for_all() -> None:
    """Wait for the queries that run still."""
    for thread in list(_LIVING.values()):
        thread.join(timeout=10)


def _prepared(given: Json, database: str) -> Statement:
    from twin.athena.statement import prepare  # takes longer to import than the emulator to start

    try:
        return prepare(given["QueryString"], given.get("ExecutionParameters", []), database)
    except QueryRefused as error:
        raise ServiceError("InvalidRequestException", str(error)) from error


def _new_execution(given: Json, group: Json) -> Json:
    key, settings = str(uuid.uuid4()), group["Configuration"]
    results = settings.get("ResultConfiguration", {})
    if not settings.get("EnforceWorkGroupConfiguration"):
        results = {**results, **given.get("ResultConfiguration", {})}
    if "OutputLocation" not in results:
        raise ServiceError(
            "InvalidRequestException",
            "No output location provided. An output location is required either through the Workgroup result "
            "configuration setting or as an API input.",
        )
    return {
        "QueryExecutionId": key,
        "Query": given["QueryString"],
        "StatementType": "DML",
        "ResultConfiguration": {**results, "OutputLocation": f"{results['OutputLocation'].rstrip('/')}/{key}.csv"},
        "QueryExecutionContext": {"Database": "default", **given.get("QueryExecutionContext", {})},
        "ExecutionParameters": given.get("ExecutionParameters", []),
        "Status": {"State": "RUNNING", "SubmissionDateTime": time.time()},
        "Statistics": {},
        "WorkGroup": group["Name"],
        "EngineVersion": {"SelectedEngineVersion": "AUTO", "EffectiveEngineVersion": ENGINE},
    }


def _run(execution: Json, statement: Statement, caller: Mapping[str, str], cutoff: int | None) -> None:
    from twin.athena.engine import run

    key, began = execution["QueryExecutionId"], time.monotonic()
    state, reason, scanned = "FAILED", "", 0
    try:
        result = run(statement, caller, cutoff)
        scanned = result.scanned
        _write(result, execution["ResultConfiguration"], client_from(caller, "s3"))
        _RESULTS[key] = result
        state = "SUCCEEDED"
    except QueryFailed as error:
        reason = str(error)
    except QueryCancelled as error:
        state, reason = "CANCELLED", str(error)
    except Exception as error:  # a defect of ours must end the query, and say so
        reason = f"The twin's Athena failed: {type(error).__name__}: {error}"
        raise
    finally:
        took = int((time.monotonic() - began) * 1000)
        status = {**execution["Status"], "State": state, "CompletionDateTime": time.time()}
        if reason:
            status["StateChangeReason"] = reason
        statistics = {"EngineExecutionTimeInMillis": took, "DataScannedInBytes": scanned}
        EXECUTIONS.put(key, {**execution, "Status": status, "Statistics": statistics})
        _LIVING.pop(key, None)


def _write(result: Result, place: Json, s3: Any) -> None:
    """Write the result's CSV as the caller; everything stands in quotes but NULL, which is nothing at all."""
    lines: list[list[str | None]] = [[name for name, _ in result.columns], *result.rows]
    text = "".join(",".join(_quoted(value) for value in line) + "\n" for line in lines)
    address = urlsplit(place["OutputLocation"])
    encryption = place.get("EncryptionConfiguration", {})
    headers = {}
    if encryption.get("EncryptionOption") == "SSE_KMS":
        headers = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": encryption["KmsKey"]}
    try:
        s3.get_bucket_location(Bucket=address.netloc)  # AWS asks for it too, and for its permission
        s3.put_object(Bucket=address.netloc, Key=address.path.lstrip("/"), Body=text.encode(), **headers)
    except ClientError as error:
        failed = error.response["Error"]
        raise QueryFailed(f"Unable to write {place['OutputLocation']}: {failed.get('Message', error)}") from error


def _quoted(value: str | None) -> str:
    return "" if value is None else '"' + value.replace('"', '""') + '"'


def _require_readable(request: Request, execution: Json) -> None:
    address = urlsplit(execution["ResultConfiguration"]["OutputLocation"])
    s3 = client_from(environment_of(hooks.caller_credentials(request)), "s3")
    try:
        s3.get_object(Bucket=address.netloc, Key=address.path.lstrip("/"))["Body"].close()
    except ClientError as error:
        raise ServiceError("InvalidRequestException", f"Could not find results: {error}") from error


def _page(result: Result, start: int, size: int) -> Json:
    lines: list[list[str | None]] = [[name for name, _ in result.columns], *result.rows]
    rows = [
        {"Data": [{} if value is None else {"VarCharValue": value} for value in line]}
        for line in lines[start : start + size]
    ]
    columns = [{"CatalogName": "hive", "Name": name, "Label": name, "Type": kind} for name, kind in result.columns]
    more = {"NextToken": str(start + size)} if start + size < len(lines) else {}
    return {"ResultSet": {"Rows": rows, "ResultSetMetadata": {"ColumnInfo": columns}}, "UpdateCount": 0, **more}
