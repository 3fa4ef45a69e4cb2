"""A vector search collection of OpenSearch Serverless with one index. It bills by the hour, whether asked or not.

Who may do what is said twice, and both have to allow it: IAM admits a principal to the collection's API, and data
access policies say what it may do there. CloudFormation makes the index, so its role has a policy of its own.

All of it goes with its stack, in every environment: the vectors are made of documents that are kept elsewhere, and a
collection that stayed would go on billing, and its name would stand in the way of the next deployment.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_opensearchserverless as aoss
from constructs import Construct

from cdk_app.constructs.grants import allow

VECTOR, TEXT = "vector", "text"
"""The fields that hold a passage's embedding, and what it says."""
_MAKE_INDEX = ("aoss:CreateIndex", "aoss:DeleteIndex", "aoss:DescribeIndex", "aoss:UpdateIndex")
_USE_DOCUMENTS = ("aoss:ReadDocument", "aoss:WriteDocument")
_LONGEST_NAME = 29
"""Of the 32 characters of a policy's name so many leave room for its end; the collection's own may have 64."""


class SearchCollection(Construct):
    """A collection whose index finds passages by the product of their vectors, encrypted with one key.

    Vectors of length 1 are expected, so that the product is the cosine. Faiss has no space of its own for cosines
    in all of the versions that AWS may run, and its score of the product is the same in each.

    The network policy lets every network in: the function is in no VPC. Whoever comes has to sign, and be named
    here. Dashboards are in no rule, and so are closed.

    Args:
        standby: a second set of replicas in another zone; it doubles what the collection costs.
    """

    index_name: str
    environment: dict[str, str]

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        name: str,
        index_name: str,
        dimension: int,
        key: kms.IKey,
        standby: bool,
    ) -> None:
        super().__init__(scope, construct_id)
        if len(name) > _LONGEST_NAME:
            raise ValueError(f"{name} has more than {_LONGEST_NAME} characters, too many for its policies' names.")
        self._name = name
        # What cannot be changed of an index is in its name, or an update could not replace it.
        self.index_name = f"{index_name}-{dimension}"
        before = [self._encryption(key), self._network(), self._index_makers()]
        self._collection = self._make_collection(standby=standby)
        for policy in before:
            # A policy takes a while to be in force; the collection takes longer to be there.
            self._collection.add_resource_dependency(policy)
        self._make_index(dimension)
        self.environment = {
            "VECTOR_ENDPOINT": self._collection.attr_collection_endpoint,
            "VECTOR_INDEX": self.index_name,
        }

    def use(self, role: iam.Role) -> None:
        """Let a role write, find and delete the index's documents."""
        allow(role, ["aoss:APIAccessAll"], [self._collection.attr_arn])
        self._access("Use", f"{self._name}-rw", self.index_name, _USE_DOCUMENTS, role.role_arn)

    # ---- policies ---------------------------------------------------------------------------------------

    def _encryption(self, key: kms.IKey) -> cdk.CfnResource:
        policy = {"Rules": self._rules(), "AWSOwnedKey": False, "KmsARN": key.key_arn}
        return self._security("Encryption", policy)

    def _network(self) -> cdk.CfnResource:
        return self._security("Network", [{"Rules": self._rules(), "AllowFromPublic": True}])

    def _rules(self) -> list[dict[str, Any]]:
        return [{"ResourceType": "collection", "Resource": [f"collection/{self._name}"]}]

    def _security(self, kind: str, policy: Any) -> cdk.CfnResource:
        document = cdk.Stack.of(self).to_json_string(policy)
        return aoss.CfnSecurityPolicy(self, kind, name=self._name, type=kind.lower(), policy=document)

    def _index_makers(self) -> cdk.CfnResource:
        # Of whichever name: an index that another one has replaced is deleted last.
        return self._access("IndexMakers", self._name, "*", _MAKE_INDEX, _deploying_role(self))

    def _access(
        self, construct_id: str, name: str, index: str, permissions: Sequence[str], principal: str
    ) -> cdk.CfnResource:
        rule = {
            "ResourceType": "index",
            "Resource": [f"index/{self._name}/{index}"],
            "Permission": list(permissions),
        }
        document = cdk.Stack.of(self).to_json_string([{"Rules": [rule], "Principal": [principal]}])
        return aoss.CfnAccessPolicy(self, construct_id, name=name, type="data", policy=document)

    # ---- collection and index ---------------------------------------------------------------------------

    def _make_collection(self, *, standby: bool) -> aoss.CfnCollection:
        return aoss.CfnCollection(
            self,
            "Collection",
            name=self._name,
            type="VECTORSEARCH",
            standby_replicas="ENABLED" if standby else "DISABLED",
            deletion_protection="DISABLED",
        )

    def _make_index(self, dimension: int) -> None:
        field = aoss.CfnIndex.PropertyMappingProperty
        method = aoss.CfnIndex.MethodProperty(name="hnsw", engine="faiss", space_type="innerproduct")
        aoss.CfnIndex(
            self,
            "Index",
            collection_endpoint=self._collection.attr_collection_endpoint,
            index_name=self.index_name,
            settings=aoss.CfnIndex.IndexSettingsProperty(index=aoss.CfnIndex.IndexProperty(knn=True)),
            mappings=aoss.CfnIndex.MappingsProperty(
                properties={
                    VECTOR: field(type="knn_vector", dimension=dimension, method=method),
                    "owner": field(type="keyword"),
                    "document_id": field(type="keyword"),
                    "passage": field(type="integer"),
                    "name": field(type="text", index=False),
                    TEXT: field(type="text", index=False),
                }
            ),
        )


def _deploying_role(scope: Construct) -> str:
    """The ARN of the role with which CloudFormation makes what is in the stack: that of CDK's bootstrap."""
    synthesizer: Any = cdk.Stack.of(scope).synthesizer
    arn: str = synthesizer.cloud_formation_execution_role_arn
    for name, value in (
        ("Partition", cdk.Aws.PARTITION),
        ("AccountId", cdk.Aws.ACCOUNT_ID),
        ("Region", cdk.Aws.REGION),
    ):
        arn = arn.replace(f"${{AWS::{name}}}", value)
    return arn
