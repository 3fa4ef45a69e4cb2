"""Tables over what the workflow reads and writes, for Athena and AWS Glue Data Quality."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from aws_cdk import CfnResource
from aws_cdk import aws_glue as glue
from aws_cdk import aws_s3 as s3
from constructs import Construct

from cdk_app.settings import Settings

RAW_TABLE = "raw"
CURATED_TABLE = "curated"
QUARANTINE_TABLE = "quarantine"
_SPLITS = ("train", "validation", "test")
_STRING = glue.Schema.STRING
_SKIP_MALFORMED = {"ignore.malformed.json": "true"}


@dataclass(frozen=True)
class _Layout:
    """Where the objects of a table lie below its bucket: `<dataset>/run=<run>/…`."""

    path: str
    projection: dict[str, glue.PartitionProjectionConfiguration]


def raw_table(
    scope: Construct, database: glue.Database, bucket: s3.Bucket, settings: Settings, names: Sequence[str]
) -> glue.S3Table:
    """The columns of the configured data set, before anything is filtered. Broken lines read as NULL."""
    table = glue.S3Table(
        scope,
        "RawTable",
        database=database,
        table_name=RAW_TABLE,
        description="The raw data set as it arrived; lines that are no JSON have no values.",
        columns=[glue.Column(name=name.lower(), type=_STRING) for name in names],
        data_format=glue.DataFormat.JSON,
        storage=glue.S3TableStorage.from_bucket(bucket),
        s3_prefix=f"{settings.data.dataset}/",  # Athena asks for the slash; without it `a` may take in `a-b/`
    )
    # Athena reads a SerDe's properties here alone; CDK's storage parameters stand a level above.
    definition = cast(CfnResource, table.node.default_child)
    definition.add_property_override("TableInput.StorageDescriptor.SerdeInfo.Parameters", _SKIP_MALFORMED)
    return table


def curated_table(scope: Construct, database: glue.Database, bucket: s3.Bucket) -> glue.S3Table:
    """Curated chat examples by data set, run and split."""
    message = glue.Schema.struct(columns=[_column("role"), _column("content")])
    return _run_table(
        scope,
        "CuratedTable",
        database,
        bucket,
        name=CURATED_TABLE,
        description="Curated examples. A query names the data set and the run.",
        columns=[
            _column("record_id"),
            glue.Column(name="messages", type=glue.Schema.array(message)),
            _column("text"),  # of a record without a target, which has no messages
            glue.Column(name="source", type=_source()),
            _column("cluster"),
            _column("rejected"),  # of a preference pair
        ],
        layout=_Layout(
            "${dataset}/run=${run}/${split}/",
            {"split": glue.PartitionProjectionConfiguration.enum(values=list(_SPLITS))},
        ),
    )


def quarantine_table(scope: Construct, database: glue.Database, bucket: s3.Bucket) -> glue.S3Table:
    """Rejected records by data set and run; why each was rejected stands in the record."""
    return _run_table(
        scope,
        "QuarantineTable",
        database,
        bucket,
        name=QUARANTINE_TABLE,
        description="Rejected records with their reasons. A query names the data set and the run.",
        columns=[
            *(_column(name) for name in ("reason", "detail")),
            glue.Column(name="source", type=_source()),
            glue.Column(name="bytes", type=glue.Schema.BIG_INT),
            *(_column(name) for name in ("raw", "raw_encoding", "duplicate_of")),
        ],
        layout=_Layout("${dataset}/run=${run}/", {}),
    )


def _run_table(
    scope: Construct,
    construct_id: str,
    database: glue.Database,
    bucket: s3.Bucket,
    *,
    name: str,
    description: str,
    columns: list[glue.Column],
    layout: _Layout,
) -> glue.S3Table:
    """A table whose partitions Athena derives from the layout: no crawler, and no run to register."""
    injected = glue.PartitionProjectionConfiguration.injected()
    projection = {"dataset": injected, "run": injected, **layout.projection}
    return glue.S3Table(
        scope,
        construct_id,
        database=database,
        table_name=name,
        description=description,
        columns=columns,
        data_format=glue.DataFormat.JSON,
        storage=glue.S3TableStorage.from_bucket(bucket),
        partition_keys=[_column(name) for name in projection],
        partition_projection=projection,
        parameters={"storage.location.template": f"s3://{bucket.bucket_name}/{layout.path}"},
    )


def _column(name: str) -> glue.Column:
    return glue.Column(name=name, type=_STRING)


def _source() -> glue.Type:
    return glue.Schema.struct(columns=[_column("key"), glue.Column(name="line", type=glue.Schema.BIG_INT)])
