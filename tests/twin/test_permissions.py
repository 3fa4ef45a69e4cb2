"""Requests that need more than one permission, or one on more than one resource."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.twin.helpers import allow, make_role, unique, user_client
from twin.emulator import Emulator

PARAMETERS = "arn:aws:ssm:us-east-1:000000000000:parameter"
GLUE = "arn:aws:glue:us-east-1:000000000000"
SAGEMAKER = "arn:aws:sagemaker:us-east-1:000000000000"


def missing(call: Any, **parameters: Any) -> str:
    """Action and resource that a call is denied for."""
    with pytest.raises(ClientError) as error:
        call(**parameters)
    _, _, rest = str(error.value).partition("not authorized to perform: ")
    return rest.partition(" because")[0].replace(" on resource: ", " ")


# ---- parameters -----------------------------------------------------------------------------------------


def test_each_parameter_that_is_asked_for_needs_a_permission(emulator: Emulator) -> None:
    names = [f"/{unique('mine')}/{name}" for name in ("first", "second")]
    for name in names:
        emulator.client("ssm").put_parameter(Name=name, Value="v", Type="String")
    actions = ["ssm:GetParameters", "ssm:DeleteParameters"]
    both = user_client(emulator, "ssm", allow(actions, [f"{PARAMETERS}{name}" for name in names]))
    one = user_client(emulator, "ssm", allow(actions, f"{PARAMETERS}{names[0]}"))
    assert len(both.get_parameters(Names=names)["Parameters"]) == len(names)
    assert missing(one.get_parameters, Names=names) == f"ssm:GetParameters {PARAMETERS}{names[1]}"
    assert missing(one.delete_parameters, Names=names) == f"ssm:DeleteParameters {PARAMETERS}{names[1]}"
    assert len(both.delete_parameters(Names=names)["DeletedParameters"]) == len(names)


def test_asking_by_path_needs_the_path(emulator: Emulator) -> None:
    client = user_client(emulator, "ssm", allow("ssm:GetParametersByPath", f"{PARAMETERS}/mine"))
    assert client.get_parameters_by_path(Path="/mine")["Parameters"] == []
    assert missing(client.get_parameters_by_path, Path="/ours") == f"ssm:GetParametersByPath {PARAMETERS}/ours"


def test_a_version_is_part_of_no_parameters_arn(emulator: Emulator) -> None:
    nobody = user_client(emulator, "ssm")
    assert missing(nobody.get_parameter, Name="/mine:3") == f"ssm:GetParameter {PARAMETERS}/mine"
    assert missing(nobody.describe_parameters) == "ssm:DescribeParameters *"
    tagged = {"ResourceType": "Parameter", "ResourceId": "/mine"}
    assert missing(nobody.list_tags_for_resource, **tagged) == f"ssm:ListTagsForResource {PARAMETERS}/mine"


# ---- Glue -----------------------------------------------------------------------------------------------


def test_a_table_needs_the_catalogue_its_database_and_itself(emulator: Emulator) -> None:
    resources = [f"{GLUE}:catalog", f"{GLUE}:database/d", f"{GLUE}:table/d/t"]
    for number, resource in enumerate(resources):
        client = user_client(emulator, "glue", allow("glue:GetTable", [*resources[:number], "arn:aws:glue:::nothing"]))
        assert missing(client.get_table, DatabaseName="d", Name="t") == f"glue:GetTable {resource}"
    allowed = user_client(emulator, "glue", allow("glue:GetTable", resources))
    with pytest.raises(allowed.exceptions.EntityNotFoundException):
        allowed.get_table(DatabaseName="d", Name="t")


COLUMNS = {"TableInput": {"Name": "t"}}


@pytest.mark.parametrize(
    ("call", "needed", "parameters"),
    [
        ("get_database", "glue:GetDatabase database/d", {"Name": "d"}),
        ("create_database", "glue:CreateDatabase database/d", {"DatabaseInput": {"Name": "d"}}),
        ("create_table", "glue:CreateTable table/d/t", {"DatabaseName": "d", **COLUMNS}),
        ("get_tables", "glue:GetTables table/d/*", {"DatabaseName": "d"}),
        ("batch_delete_table", "glue:BatchDeleteTable table/d/u", {"DatabaseName": "d", "TablesToDelete": ["t", "u"]}),
        ("get_partitions", "glue:GetPartitions table/d/t", {"DatabaseName": "d", "TableName": "t"}),
        ("get_job", "glue:GetJob job/j", {"JobName": "j"}),
        ("get_job_runs", "glue:GetJobRuns job/j", {"JobName": "j"}),
        ("delete_crawler", "glue:DeleteCrawler crawler/c", {"Name": "c"}),
    ],
)
def test_requests_to_glue_need_what_they_name(
    emulator: Emulator, call: str, needed: str, parameters: dict[str, Any]
) -> None:
    action, _, resource = needed.partition(" ")
    lacking = {"Effect": "Deny", "Action": action, "Resource": f"{GLUE}:{resource}"}
    client = user_client(emulator, "glue", allow("glue:*"), lacking)
    assert missing(getattr(client, call), **parameters).startswith(f"{action} {GLUE}:{resource}")


# ---- SageMaker ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("operation", ["CreateEndpoint", "UpdateEndpoint"])
def test_an_endpoint_needs_its_configuration_too(emulator: Emulator, operation: str) -> None:
    client = user_client(emulator, "sagemaker", allow(f"sagemaker:{operation}", f"{SAGEMAKER}:endpoint/e"))
    call = client.create_endpoint if operation == "CreateEndpoint" else client.update_endpoint
    denied = missing(call, EndpointName="E", EndpointConfigName="My-Config")
    assert denied == f"sagemaker:{operation} {SAGEMAKER}:endpoint-config/my-config"


def test_an_invocation_is_judged_by_its_path_alone(emulator: Emulator) -> None:
    client = user_client(emulator, "sagemaker-runtime", allow("sagemaker:DeleteModel"))

    def ask_for_something_else(request: Any, **_: Any) -> None:
        request.headers["X-Amz-Target"] = "SageMaker.DeleteModel"

    client.meta.events.register("before-sign.sagemaker-runtime", ask_for_something_else)
    denied = missing(client.invoke_endpoint, EndpointName="Mine", Body=b"not json")
    assert denied == f"sagemaker:InvokeEndpoint {SAGEMAKER}:endpoint/mine"


def test_a_path_that_looks_like_an_invocation_is_not_one(emulator: Emulator) -> None:
    client = user_client(emulator, "sagemaker", allow("sagemaker:InvokeEndpoint"))

    def ask_elsewhere(request: Any, **_: Any) -> None:
        request.url = f"{request.url.rstrip('/')}/x/invocations"

    client.meta.events.register("before-sign.sagemaker", ask_elsewhere)
    assert missing(client.delete_model, ModelName="m") == "sagemaker:UnmappedOperation *"


# ---- objects' tags --------------------------------------------------------------------------------------


def test_writing_an_object_with_tags_needs_a_permission_for_them(emulator: Emulator) -> None:
    bucket = unique("bucket")
    emulator.client("s3").create_bucket(Bucket=bucket)
    client = user_client(emulator, "s3", allow("s3:PutObject"))
    call = {"Bucket": bucket, "Key": "a/k"}
    assert client.put_object(**call, Body=b"")
    needed = f"s3:PutObjectTagging arn:aws:s3:::{bucket}/a/k"
    assert needed in missing(client.put_object, **call, Body=b"", Tagging="a=1")
    assert needed in missing(client.create_multipart_upload, **call, Tagging="a=1")


# ---- roles that are handed on ---------------------------------------------------------------------------


def hands_on(emulator: Emulator, service: str, call: str, **parameters: Any) -> None:
    """Check that a call needs iam:PassRole and, for its service, nothing else."""
    role = make_role(emulator, service)
    filled, everything = fill(parameters, role), allow(f"{service}:*")
    client = user_client(emulator, service, everything)
    assert missing(getattr(client, call), **filled) == f"iam:PassRole {role}"
    passing = allow("iam:PassRole", role) | {
        "Condition": {"StringEquals": {"iam:PassedToService": f"{service}.amazonaws.com"}}
    }
    # What the request names is not there, which is found out once it is allowed.
    with pytest.raises(ClientError, match="NotFound"):
        getattr(user_client(emulator, service, everything, passing), call)(**filled)


def fill(parameters: Any, role: str) -> Any:
    """The parameters with the role where `ROLE` stands."""
    if isinstance(parameters, dict):
        return {key: fill(value, role) for key, value in parameters.items()}
    if isinstance(parameters, list):
        return [fill(value, role) for value in parameters]
    return role if parameters == "ROLE" else parameters


def test_changing_a_jobs_role_needs_pass_role(emulator: Emulator) -> None:
    hands_on(emulator, "glue", "update_job", JobName="j", JobUpdate={"Role": "ROLE"})


def test_a_targets_role_needs_pass_role(emulator: Emulator) -> None:
    targets = [{"Id": "1", "Arn": "arn:aws:sqs:us-east-1:000000000000:q"}, {"Id": "2", "Arn": "a", "RoleArn": "ROLE"}]
    hands_on(emulator, "events", "put_targets", Rule="r", Targets=targets)


def test_a_subscriptions_role_needs_pass_role(emulator: Emulator) -> None:
    filtered = {"logGroupName": "g", "filterName": "f", "filterPattern": ""}
    hands_on(emulator, "logs", "put_subscription_filter", **filtered, destinationArn="arn:aws:x", roleArn="ROLE")


def test_an_integrations_role_needs_pass_role(emulator: Emulator) -> None:
    method = {"restApiId": "a", "resourceId": "r", "httpMethod": "POST"}
    hands_on(emulator, "apigateway", "put_integration", **method, type="AWS", credentials="ROLE")
    change = {"op": "replace", "path": "/credentials", "value": "ROLE"}
    hands_on(emulator, "apigateway", "update_integration", **method, patchOperations=[change])


def test_the_callers_own_credentials_are_no_role_that_is_handed_on(emulator: Emulator) -> None:
    client = user_client(emulator, "apigateway", allow("apigateway:*"))
    method = {"restApiId": "a", "resourceId": "r", "httpMethod": "POST", "type": "AWS"}
    with pytest.raises(client.exceptions.NotFoundException):
        client.put_integration(**method, credentials="arn:aws:iam::*:user/*")
