"""Named Athena queries in a workgroup of their own, which bounds what a query reads and where its result goes."""

from __future__ import annotations

from pathlib import Path

from aws_cdk import aws_athena as athena
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from constructs import Construct

_MOST_DESCRIPTION = 1024


class NamedQueries(Construct):
    """A workgroup, and a named query for each `.sql` file of a folder.

    A query is called as its file; its description is the comment that the file begins with. The workgroup's settings
    hold for every query that runs in it, whatever its client asks for.

    Args:
        name: name of the workgroup.
        database: where the tables are that the queries name.
        results: bucket for the results, encrypted with `key`.
        most_bytes: a query that would read more is cancelled.
        folder: the folder with the queries.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        name: str,
        database: str,
        results: s3.Bucket,
        key: kms.IKey,
        most_bytes: int,
        folder: Path,
    ) -> None:
        super().__init__(scope, construct_id)
        encryption = athena.CfnWorkGroup.EncryptionConfigurationProperty(
            encryption_option="SSE_KMS", kms_key=key.key_arn
        )
        workgroup = athena.CfnWorkGroup(
            self,
            "WorkGroup",
            name=name,
            description="Queries over what the workflow reads and writes.",
            recursive_delete_option=True,  # its history goes with it; the results have a bucket
            work_group_configuration=athena.CfnWorkGroup.WorkGroupConfigurationProperty(
                enforce_work_group_configuration=True,
                publish_cloud_watch_metrics_enabled=True,
                bytes_scanned_cutoff_per_query=most_bytes,
                requester_pays_enabled=False,
                engine_version=athena.CfnWorkGroup.EngineVersionProperty(
                    selected_engine_version="Athena engine version 3"
                ),
                result_configuration=athena.CfnWorkGroup.ResultConfigurationProperty(
                    output_location=f"s3://{results.bucket_name}/", encryption_configuration=encryption
                ),
            ),
        )
        for file in sorted(folder.glob("*.sql")):
            sql = file.read_text("utf-8")
            athena.CfnNamedQuery(
                self,
                "".join(word.capitalize() for word in file.stem.split("_")),
                name=file.stem,
                description=description_of(sql),
                database=database,
                query_string=sql,
                work_group=workgroup.ref,
            )


def description_of(sql: str) -> str:
    """The comment that a query begins with, on one line.

    Raises ValueError where there is none, or it is longer than Athena takes.
    """
    lines: list[str] = []
    for line in sql.splitlines():
        if not line.startswith("--"):
            break
        lines.append(line.removeprefix("--").strip())
    text = " ".join(lines)
    if not 0 < len(text) <= _MOST_DESCRIPTION:
        raise ValueError(f"Begin the query with a comment of 1 to {_MOST_DESCRIPTION} characters that says its use.")
    return text
