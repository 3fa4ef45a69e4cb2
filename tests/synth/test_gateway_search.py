"""Vectors in OpenSearch Serverless, where the settings ask for it: who gets at them, and in which order it is made."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import assertions
from aws_cdk import aws_kms as kms

from cdk_app.application import open_application
from cdk_app.catalogue.embedding import EMBEDDERS
from cdk_app.checks.assembly import Assembly
from cdk_app.checks.cfn_lint import find_template_errors
from cdk_app.constructs.search_collection import SearchCollection
from cdk_app.settings import Settings, load_settings
from cdk_app.settings.gateway import DocumentEmbeddings
from lambdas.gateway.retrieval import opensearch
from lambdas.gateway.retrieval.lexical import Passage
from tests.synth.gateways import changed, function, gateway
from tests.synth.templates import Template, allowed, as_list, only, properties, resources, statements_of, text

KIND = "AWS::OpenSearchServerless"
COLLECTION = "fourfold-dev"
INDEX = "passages-titan-embed-text-v2-1024"


def searching(settings: Settings, model: str = "titan-embed-text-v2") -> Template:
    """The gateway's template with vectors in OpenSearch Serverless."""
    return gateway(changed(settings, embeddings=DocumentEmbeddings(model=model, vector_store="opensearch-serverless")))


@pytest.fixture(scope="module")
def template(settings: Settings) -> Template:
    return searching(settings)


def policies(template: Template, kind: str) -> dict[str, Any]:
    """The documents of policies of one type by the policies' names."""
    found = {
        body["Properties"]["Name"]: json.loads(text(body["Properties"]["Policy"]))
        for which in ("AccessPolicy", "SecurityPolicy")
        for body in resources(template, f"{KIND}::{which}").values()
        if body["Properties"]["Type"] == kind
    }
    assert found
    return found


def test_there_is_no_collection_unless_asked_for_and_then_no_vector_bucket(
    templates: dict[str, Template], template: Template
) -> None:
    kinds = {body["Type"] for one in templates.values() for body in one["Resources"].values()}
    assert not [kind for kind in kinds if kind.startswith(KIND)]
    kinds = {body["Type"] for body in template["Resources"].values()}
    assert not [kind for kind in kinds if kind.startswith("AWS::S3Vectors")]
    variables = function(template)["Environment"]["Variables"]
    assert "VECTOR_BUCKET" not in variables
    assert re.fullmatch(r"<SearchCollection\w+\.CollectionEndpoint>", text(variables["VECTOR_ENDPOINT"]))
    assert variables["VECTOR_INDEX"] == INDEX


def test_the_collection_is_encrypted_with_our_key(template: Template) -> None:
    [policy] = policies(template, "encryption").values()
    assert policy["Rules"] == [{"ResourceType": "collection", "Resource": [f"collection/{COLLECTION}"]}]
    assert not policy["AWSOwnedKey"]
    assert re.search(r"<ExportsOutputFnGetAttKey[0-9A-F]{8}Arn", policy["KmsARN"])


def test_its_api_is_reached_from_the_functions_network_and_its_dashboards_from_none(template: Template) -> None:
    [policy] = policies(template, "network").values()
    assert [rule for one in policy for rule in one["Rules"]] == [
        {"ResourceType": "collection", "Resource": [f"collection/{COLLECTION}"]}
    ]


def test_the_function_reads_and_writes_documents_of_its_index_and_cloudformation_makes_indexes(
    template: Template,
) -> None:
    granted = {
        (principal, resource): sorted(rule["Permission"])
        for policy in policies(template, "data").values()
        for one in policy
        for rule in one["Rules"]
        for resource in rule["Resource"]
        for principal in one["Principal"]
    }
    (role,) = (name for name in resources(template, "AWS::IAM::Role") if name.startswith("HandlerRole"))
    account = "<AWS::AccountId>"
    makes = f"arn:<AWS::Partition>:iam::{account}:role/cdk-hnb659fds-cfn-exec-role-{account}-<AWS::Region>"
    assert granted == {
        (f"<{role}.Arn>", f"index/{COLLECTION}/{INDEX}"): ["aoss:ReadDocument", "aoss:WriteDocument"],
        (makes, f"index/{COLLECTION}/*"): [
            "aoss:CreateIndex",
            "aoss:DeleteIndex",
            "aoss:DescribeIndex",
            "aoss:UpdateIndex",
        ],
    }


def test_iam_lets_the_function_in_at_this_collection_and_gives_it_no_key(template: Template) -> None:
    role = statements_of(template, "HandlerRole")
    actions = {action for one in role for action in as_list(one["Action"]) if action.startswith(("aoss:", "s3vectors"))}
    assert actions == {"aoss:APIAccessAll"}
    (collection,) = resources(template, f"{KIND}::Collection")
    assert allowed(role, "aoss:APIAccessAll") == [f"<{collection}.Arn>"]
    services = [text(one["Condition"]["StringEquals"]["kms:ViaService"]) for one in role if "Condition" in one]
    assert [service.partition(".")[0] for service in services] == ["dynamodb"]


def test_policies_are_there_before_the_collection_and_the_collection_before_its_index(template: Template) -> None:
    security = set(resources(template, f"{KIND}::SecurityPolicy"))
    (makers,) = (name for name in resources(template, f"{KIND}::AccessPolicy") if "IndexMakers" in name)
    assert set(only(template, f"{KIND}::Collection")["DependsOn"]) == {*security, makers}
    (collection,) = resources(template, f"{KIND}::Collection")
    index = properties(template, f"{KIND}::Index")
    assert text(index["CollectionEndpoint"]) == f"<{collection}.CollectionEndpoint>"


def test_the_index_finds_by_the_product_of_vectors_of_this_model_and_filters_by_whose_they_are(
    template: Template,
) -> None:
    index = properties(template, f"{KIND}::Index")
    fields = index["Mappings"]["Properties"]
    assert index["IndexName"] == INDEX
    assert index["Settings"]["Index"]["Knn"] is True
    assert fields["vector"] == {
        "Type": "knn_vector",
        "Dimension": 1024,
        "Method": {"Name": "hnsw", "Engine": "faiss", "SpaceType": "innerproduct"},
    }
    kept = [name for name, one in fields.items() if one.get("Index") is False]
    assert (fields["owner"], fields["document_id"], fields["passage"]) == (
        {"Type": "keyword"},
        {"Type": "keyword"},
        {"Type": "integer"},
    )
    assert kept == ["name", "text"]


def test_what_the_gateway_writes_is_what_the_index_holds(template: Template) -> None:
    written = json.loads(opensearch._document("whose", Passage("id", "a.md", 0, "Text."), (1.0,)))
    assert set(written) == set(properties(template, f"{KIND}::Index")["Mappings"]["Properties"])


@pytest.mark.parametrize("model", EMBEDDERS)
def test_vectors_of_another_model_have_an_index_of_another_name_that_the_service_takes(
    settings: Settings, model: str
) -> None:
    imported = "a1b2c3d4e5f6" if EMBEDDERS[model].platform == "bedrock-import" else None
    embeddings = DocumentEmbeddings(model=model, imported_model_id=imported, vector_store="opensearch-serverless")
    index = properties(gateway(changed(settings, embeddings=embeddings)), f"{KIND}::Index")
    dimension = index["Mappings"]["Properties"]["vector"]["Dimension"]
    assert index["IndexName"] == f"passages-{model}-{dimension}"
    assert re.fullmatch(r"(?![_-])[a-z][a-z0-9_-]*", index["IndexName"])


def test_names_are_as_short_as_the_service_wants_them_for_the_longest_name_of_a_workflow(settings: Settings) -> None:
    longest = settings.model_copy(update={"name": "a" * 24, "environment": "prod"})
    found = searching(longest)
    names = [
        body["Properties"]["Name"]
        for body in found["Resources"].values()
        if body["Type"].startswith(f"{KIND}::") and "Name" in body["Properties"]
    ]
    assert len(names) == 5
    assert not [name for name in names if not re.fullmatch(r"[a-z][a-z0-9-]{2,31}", name)]


def test_production_has_a_second_set_of_replicas(template: Template) -> None:
    of_prod = searching(load_settings("workflow.yaml", "prod"))
    assert properties(template, f"{KIND}::Collection")["StandbyReplicas"] == "DISABLED"
    assert properties(of_prod, f"{KIND}::Collection")["StandbyReplicas"] == "ENABLED"


@pytest.mark.parametrize("environment", ["dev", "prod"])
def test_what_bills_by_the_hour_goes_with_its_stack_and_leaves_no_name_behind(environment: str) -> None:
    found = searching(load_settings("workflow.yaml", environment))
    ours = [body for body in found["Resources"].values() if body["Type"].startswith(KIND)]
    assert len(ours) == 6
    assert {body.get(policy, "Delete") for body in ours for policy in ("DeletionPolicy", "UpdateReplacePolicy")} == {
        "Delete"
    }
    assert properties(found, f"{KIND}::Collection")["DeletionProtection"] == "DISABLED"


def test_the_applications_tags_are_on_the_key_and_not_on_the_collection_which_they_would_replace(
    tmp_path: Path,
) -> None:
    app, _ = open_application(outdir=tmp_path)
    stack = cdk.Stack(app, "Search")
    key = kms.Key(stack, "Key")
    SearchCollection(stack, "Search", name="a-dev", index_name="passages", dimension=8, key=key, standby=False)
    found = dict(assertions.Template.from_stack(stack).to_json())
    assert [tag["Key"] for tag in properties(found, "AWS::KMS::Key")["Tags"]] == ["environment", "project"]
    assert "Tags" not in properties(found, f"{KIND}::Collection")


def test_cfn_lint_and_cdk_nag_find_nothing_in_it(optional: Assembly) -> None:
    gateways = {name: one for name, one in optional.templates.items() if name.endswith("Gateway")}
    assert [one for one in gateways.values() if resources(dict(one), f"{KIND}::Collection")]
    assert list(find_template_errors(Assembly(gateways))) == []
