"""What the gateway keeps: who may read it, how it is encrypted, and what an update must not throw away."""

from __future__ import annotations

import pytest

from cdk_app.catalogue.embedding import EMBEDDERS
from cdk_app.catalogue.workflow import ENTRIES
from cdk_app.settings import Settings
from cdk_app.settings.gateway import DocumentEmbeddings
from stacks.gateway_settings import dimensions
from tests.synth.gateways import changed, gateway
from tests.synth.templates import Template, allowed, only, properties, resources, statements_of, text


@pytest.fixture(scope="module")
def template(templates: dict[str, Template]) -> Template:
    return templates["Gateway"]


def test_the_table_bills_by_request_forgets_by_time_and_can_be_taken_back(template: Template) -> None:
    table = properties(template, "AWS::DynamoDB::Table")
    assert table["BillingMode"] == "PAY_PER_REQUEST"
    assert [(key["AttributeName"], key["KeyType"]) for key in table["KeySchema"]] == [("pk", "HASH"), ("sk", "RANGE")]
    assert table["TimeToLiveSpecification"] == {"AttributeName": "expires_at", "Enabled": True}
    assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert "Key" in text(table["SSESpecification"]["KMSMasterKeyId"])


def test_the_function_works_on_items_and_never_on_the_whole_table(template: Template) -> None:
    role = statements_of(template, "HandlerRole")
    actions = {action for statement in role for action in statement["Action"] if action.startswith("dynamodb:")}
    assert actions == {f"dynamodb:{verb}Item" for verb in ("Get", "Put", "Update", "Delete")} | {"dynamodb:Query"}
    assert {text(arn).partition(".")[0][:6] for arn in allowed(role, "dynamodb:Query")} == {"<Table"}


def test_table_and_vectors_are_decrypted_through_their_service_alone(template: Template) -> None:
    role = statements_of(template, "HandlerRole")
    through = {
        text(statement["Condition"]["StringEquals"]["kms:ViaService"]).partition(".")[0]
        for statement in role
        if statement["Action"] == "kms:Decrypt" and "Condition" in statement
    }
    assert through == {"dynamodb", "s3vectors"}


def test_the_index_has_the_length_of_the_models_vectors_and_filters_by_whose_they_are(template: Template) -> None:
    index = properties(template, "AWS::S3Vectors::Index")
    assert (index["Dimension"], index["DataType"], index["DistanceMetric"]) == (1024, "float32", "cosine")
    kept = set(index["MetadataConfiguration"]["NonFilterableMetadataKeys"])
    assert "text" in kept
    assert not {"owner", "document_id"} & kept
    bucket = properties(template, "AWS::S3Vectors::VectorBucket")
    for resource in (index, bucket):
        assert resource["EncryptionConfiguration"]["SseType"] == "aws:kms"
        assert "Key" in text(resource["EncryptionConfiguration"]["KmsKeyArn"])


def test_another_embedding_model_makes_another_index_for_its_vectors_do_not_compare(settings: Settings) -> None:
    names = set()
    for key in ("titan-embed-text-v2", "cohere-embed-english-v3"):
        of_model = gateway(changed(settings, embeddings=DocumentEmbeddings(model=key)))
        names.add(properties(of_model, "AWS::S3Vectors::Index")["IndexName"])
    assert names == {"passages-titan-embed-text-v2-1024", "passages-cohere-embed-english-v3-1024"}


@pytest.mark.parametrize("key", EMBEDDERS)
def test_the_catalogue_says_how_much_every_embedding_model_reads_and_how_long_its_vectors_are(key: str) -> None:
    limits = ENTRIES[key].limits
    assert limits is not None
    assert (limits.context_tokens or 0) >= 512
    assert 128 <= dimensions(EMBEDDERS[key]) <= 4096


def test_the_key_lets_s3_vectors_keep_its_indexes_in_order_and_nobody_elses(templates: dict[str, Template]) -> None:
    key = properties(templates["Foundation"], "AWS::KMS::Key")
    (statement,) = (one for one in key["KeyPolicy"]["Statement"] if one.get("Sid") == "VectorIndexesOfThisAccount")
    assert statement["Principal"] == {"Service": "indexing.s3vectors.amazonaws.com"}
    assert statement["Action"] == "kms:Decrypt"
    assert statement["Condition"]["StringEquals"] == {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}


def test_uploads_are_kept_like_other_data(template: Template) -> None:
    bucket = only(template, "AWS::S3::Bucket")
    assert next(iter(resources(template, "AWS::S3::Bucket"))).startswith("DocumentsBucket")
    encryption = bucket["Properties"]["BucketEncryption"]["ServerSideEncryptionConfiguration"][0]
    assert "Key" in text(encryption["ServerSideEncryptionByDefault"]["KMSMasterKeyID"])
