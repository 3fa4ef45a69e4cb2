"""An index of S3 Vectors: where the passages of documents are found by their embeddings. Idle it costs nothing."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3vectors as s3vectors
from constructs import Construct

from cdk_app.constructs.grants import allow, through_service

# A query that filters, or tells more than keys, needs the permission to get vectors as well.
_VECTORS = (
    "s3vectors:DeleteVectors",
    "s3vectors:GetVectors",
    "s3vectors:PutVectors",
    "s3vectors:QueryVectors",
)


class VectorIndex(Construct):
    """A vector bucket with one index, both encrypted with one key.

    What vectors are filtered by is their owner and their document; `not_filterable` names what only comes along.
    """

    index_arn: str
    environment: dict[str, str]

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        dimension: int,
        not_filterable: tuple[str, ...],
        name: str,
        key: kms.IKey,
        removal_policy: cdk.RemovalPolicy,
    ) -> None:
        super().__init__(scope, construct_id)
        bucket = s3vectors.CfnVectorBucket(
            self,
            "Bucket",
            encryption_configuration=s3vectors.CfnVectorBucket.EncryptionConfigurationProperty(
                sse_type="aws:kms", kms_key_arn=key.key_arn
            ),
        )
        index = s3vectors.CfnIndex(
            self,
            # What cannot be changed of an index is in its name, or an update could not replace it.
            "Index",
            index_name=f"{name}-{dimension}",
            vector_bucket_arn=bucket.attr_vector_bucket_arn,
            data_type="float32",
            dimension=dimension,
            distance_metric="cosine",
            encryption_configuration=s3vectors.CfnIndex.EncryptionConfigurationProperty(
                sse_type="aws:kms", kms_key_arn=key.key_arn
            ),
            metadata_configuration=s3vectors.CfnIndex.MetadataConfigurationProperty(
                non_filterable_metadata_keys=list(not_filterable)
            ),
        )
        for resource in (bucket, index):
            resource.apply_removal_policy(removal_policy)
        # arn:…:bucket/<name>/index/<name>
        self.environment = {
            "VECTOR_BUCKET": cdk.Fn.select(1, cdk.Fn.split("/", bucket.attr_vector_bucket_arn)),
            "VECTOR_INDEX": index.index_name or "",
        }
        self.index_arn = index.attr_index_arn
        self._key = key

    def use(self, role: iam.Role) -> None:
        """Let a role put, find and delete vectors."""
        allow(role, _VECTORS, [self.index_arn])
        allow(role, ["kms:Decrypt"], [self._key.key_arn], conditions=through_service("s3vectors"))
