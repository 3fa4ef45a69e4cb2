"""Lambda's operations need their own permissions, on the function, version or alias that they name."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.twin.helpers import allow, make_function, make_role, unique, user_client, zipped
from twin.emulator import Emulator
from twin.shapes import service_model

HERE = "arn:aws:lambda:us-east-1:000000000000"
F = f"{HERE}:function:f"
UUID = "00000000-0000-0000-0000-000000000000"


@pytest.fixture(scope="module")
def nobody(emulator: Emulator) -> Any:
    """A client of a user without any permission."""
    return user_client(emulator, "lambda")


def needed(call: Any, **parameters: Any) -> str:
    """Action and resource that a call is denied for."""
    with pytest.raises(ClientError) as error:
        call(**parameters)
    assert error.value.response["Error"]["Code"] == "AccessDeniedException"
    _, _, rest = str(error.value).partition("not authorized to perform: ")
    return rest.partition(" because")[0]


OPERATIONS = [
    ("get_alias", f"lambda:GetAlias on resource: {F}", {"FunctionName": "f", "Name": "live"}),
    ("update_alias", f"lambda:UpdateAlias on resource: {F}", {"FunctionName": "f", "Name": "live"}),
    ("delete_alias", f"lambda:DeleteAlias on resource: {F}", {"FunctionName": "f", "Name": "live"}),
    ("list_aliases", f"lambda:ListAliases on resource: {F}", {"FunctionName": "f"}),
    ("get_function_concurrency", f"lambda:GetFunctionConcurrency on resource: {F}", {"FunctionName": "f"}),
    ("delete_function_concurrency", f"lambda:DeleteFunctionConcurrency on resource: {F}", {"FunctionName": "f"}),
    ("delete_function_event_invoke_config", f"lambda:DeleteFunctionEventInvokeConfig on resource: {F}",
     {"FunctionName": "f"}),
    ("list_function_event_invoke_configs", f"lambda:ListFunctionEventInvokeConfigs on resource: {F}",
     {"FunctionName": "f"}),
    ("get_provisioned_concurrency_config", f"lambda:GetProvisionedConcurrencyConfig on resource: {F}:live",
     {"FunctionName": "f", "Qualifier": "live"}),
    ("list_provisioned_concurrency_configs", f"lambda:ListProvisionedConcurrencyConfigs on resource: {F}",
     {"FunctionName": "f"}),
    ("update_function_url_config", f"lambda:UpdateFunctionUrlConfig on resource: {F}", {"FunctionName": "f"}),
    ("get_layer_version", f"lambda:GetLayerVersion on resource: {HERE}:layer:l:3",
     {"LayerName": "l", "VersionNumber": 3}),
    ("get_layer_version_by_arn", f"lambda:GetLayerVersion on resource: {HERE}:layer:l:3",
     {"Arn": f"{HERE}:layer:l:3"}),
    ("publish_layer_version", f"lambda:PublishLayerVersion on resource: {HERE}:layer:l",
     {"LayerName": "l", "Content": {"ZipFile": b""}}),
    ("list_layers", "lambda:ListLayers on resource: *", {}),
    ("update_event_source_mapping", f"lambda:UpdateEventSourceMapping on resource: {HERE}:event-source-mapping:{UUID}",
     {"UUID": UUID}),
    ("list_tags", f"lambda:ListTags on resource: {F}", {"Resource": F}),
    ("get_account_settings", "lambda:GetAccountSettings on resource: *", {}),
]  # fmt: skip


@pytest.mark.parametrize(("call", "permission", "parameters"), OPERATIONS)
def test_an_operation_needs_its_own_permission(
    nobody: Any, call: str, permission: str, parameters: dict[str, Any]
) -> None:
    assert needed(getattr(nobody, call), **parameters) == permission


@pytest.mark.parametrize(
    ("function", "qualifier", "resource"),
    [
        ("f", None, F),
        ("f", "live", f"{F}:live"),
        ("f:live", None, f"{F}:live"),
        (F, "3", f"{F}:3"),
        (f"{F}:live", None, f"{F}:live"),
        ("000000000000:function:f", "live", f"{F}:live"),
    ],
)
def test_invoking_needs_the_function_as_it_is_qualified(
    nobody: Any, function: str, qualifier: str | None, resource: str
) -> None:
    qualified = {"Qualifier": qualifier} if qualifier else {}
    permission = f"lambda:InvokeFunction on resource: {resource}"
    assert needed(nobody.invoke, FunctionName=function, **qualified) == permission


def test_creating_a_function_needs_its_arn(emulator: Emulator, nobody: Any) -> None:
    code = {"Code": {"ZipFile": zipped(i="")}, "Runtime": "python3.12", "Handler": "i.h"}
    role, name = make_role(emulator, "lambda"), unique("f")
    permission = f"lambda:CreateFunction on resource: {HERE}:function:{name}"
    assert needed(nobody.create_function, FunctionName=name, Role=role, **code) == permission


def test_a_permission_on_an_alias_is_not_one_on_the_function(emulator: Emulator) -> None:
    name = make_function(emulator, "def handle(event, context): return 'done'")
    root, arn = emulator.client("lambda"), f"{HERE}:function:{name}"
    root.create_alias(
        FunctionName=name, Name="live", FunctionVersion=root.publish_version(FunctionName=name)["Version"]
    )
    client = user_client(emulator, "lambda", allow("lambda:InvokeFunction", f"{arn}:live"))
    assert json.load(client.invoke(FunctionName=name, Qualifier="live")["Payload"]) == "done"
    assert needed(client.invoke, FunctionName=name) == f"lambda:InvokeFunction on resource: {arn}"


def test_every_operation_of_the_api_is_told_from_the_others() -> None:
    from twin.emulator import lambda_iam
    from twin.emulator.hooks import Request

    model = service_model("lambda")
    for name in model.operation_names:
        http = model.operation_model(name).http
        path, _, query = http["requestUri"].partition("?")
        asked = {key: [value] for key, _, value in [query.partition("=")] if key}
        request = Request("lambda", http["method"], path.replace("{", "").replace("}", ""), {}, b"", asked)
        assert lambda_iam.lambda_operation(request) == name
