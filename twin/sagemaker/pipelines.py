"""Pipelines."""

from __future__ import annotations

from twin.emulator.hooks import Json
from twin.sagemaker import errors
from twin.sagemaker.call import Call, Operations
from twin.sagemaker.listing import page
from twin.sagemaker.pipeline.definition import Definition, DefinitionError, parse
from twin.sagemaker.roles import require_role
from twin.sagemaker.support import ANY, require_support
from twin.sagemaker.tags import forget_tags, set_tags

_HONOURED = {
    "PipelineName": ANY,
    "PipelineDisplayName": ANY,
    "PipelineDefinition": ANY,
    "PipelineDescription": ANY,
    "ClientRequestToken": ANY,
    "RoleArn": ANY,
    "Tags": ANY,
    "ParallelismConfiguration": ANY,
}
_SUMMARY = ("PipelineArn", "PipelineName", "PipelineDisplayName", "PipelineDescription", "RoleArn")
_TIMES = ("CreationTime", "LastModifiedTime", "LastExecutionTime")


def definition_of(text: str) -> Definition:
    """The definition in a pipeline's text. Raises ValidationException with all that is wrong with it."""
    try:
        return parse(text)
    except DefinitionError as error:
        raise errors.validation(f"Unable to parse pipeline definition. {error}") from error


def create_pipeline(call: Call) -> Json:
    """CreatePipeline: the definition is checked as a whole, with the arguments of its steps."""
    require_support(_HONOURED, call.parameters)
    if not call.parameters.get("PipelineDefinition"):
        raise errors.validation("PipelineDefinition is required.")
    definition_of(call.parameters["PipelineDefinition"])
    require_role(call.parameters["RoleArn"])
    name = call.parameters["PipelineName"]
    arn = call.scope.arn("pipeline", name)
    with call.store.lock:
        former = call.store.find("pipeline", name)
        if former and former["ClientRequestToken"] == call.parameters["ClientRequestToken"]:
            return {"PipelineArn": arn}
        record = {
            "PipelineDisplayName": name,
            **call.given("Tags"),
            "PipelineArn": arn,
            "PipelineStatus": "Active",
            "CreatedBy": {},
        }
        call.store.add(
            "pipeline",
            name,
            record,
            lambda: errors.validation(
                "Pipeline names must be unique within an AWS account and region. "
                f"Pipeline with name ({name}) already exists."
            ),
        )
    set_tags(call.store, arn, call.parameters.get("Tags"))
    return {"PipelineArn": arn}


def pipeline_of(call: Call) -> Json:
    """The pipeline that a request names, by name or ARN. Raises ResourceNotFound where there is none."""
    return pipeline_named(call, call.parameters["PipelineName"])


def pipeline_named(call: Call, given: str) -> Json:
    """The pipeline of a name or an ARN. Raises ResourceNotFound where there is none."""
    for record in call.store.of("pipeline").values():
        if given in (record["PipelineName"], record["PipelineArn"]):
            return record
    arn = given if given.startswith("arn:") else call.scope.arn("pipeline", given)
    raise errors.not_found(f"Pipeline '{arn}' does not exist.")


def describe_pipeline(call: Call) -> Json:
    """DescribePipeline."""
    return {name: value for name, value in pipeline_of(call).items() if name != "ClientRequestToken"}


def update_pipeline(call: Call) -> Json:
    """UpdatePipeline; executions that run go on as they began."""
    require_support(_HONOURED, call.parameters)
    record = pipeline_of(call)
    if text := call.parameters.get("PipelineDefinition"):
        definition_of(text)
    if role := call.parameters.get("RoleArn"):
        require_role(role)
    call.store.update(record, **call.given("PipelineName"))
    return {"PipelineArn": record["PipelineArn"]}


def delete_pipeline(call: Call) -> Json:
    """DeletePipeline: only one of which no execution runs. Its executions go with it; their jobs stay."""
    record = pipeline_of(call)
    arn = record["PipelineArn"]
    with call.store.lock:
        executions = call.store.of("execution")
        own = [name for name, execution in executions.items() if execution["described"]["PipelineArn"] == arn]
        if any(executions[name]["described"]["PipelineExecutionStatus"] in ("Executing", "Stopping") for name in own):
            raise errors.conflict(f"Pipeline '{arn}' has a running execution: stop it first.")
        call.store.remove("pipeline", record["PipelineName"], lambda: errors.not_found(f"'{arn}' does not exist."))
        for name in own:
            del executions[name]
        call.store.of("cache").pop(arn, None)
    forget_tags(call.store, arn)
    return {"PipelineArn": arn}


def list_pipelines(call: Call) -> Json:
    """ListPipelines."""
    prefix, given = call.parameters.get("PipelineNamePrefix", ""), call.parameters
    after, before = given.get("CreatedAfter", float("-inf")), given.get("CreatedBefore", float("inf"))
    found = [
        record
        for record in call.store.of("pipeline").values()
        if record["PipelineName"].startswith(prefix) and after < record["CreationTime"] < before
    ]
    key = "PipelineName" if given.get("SortBy") == "Name" else "CreationTime"
    found.sort(key=lambda record: record[key], reverse=given.get("SortOrder") != "Ascending")
    summaries = [{name: record[name] for name in (*_SUMMARY, *_TIMES) if name in record} for record in found]
    return page(summaries, given, "PipelineSummaries")


OPERATIONS: Operations = {
    "CreatePipeline": create_pipeline,
    "DescribePipeline": describe_pipeline,
    "UpdatePipeline": update_pipeline,
    "DeletePipeline": delete_pipeline,
    "ListPipelines": list_pipelines,
}
