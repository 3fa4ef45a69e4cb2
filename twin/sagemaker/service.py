"""SageMaker's control plane and runtime, as one handler."""

from __future__ import annotations

import copy

from twin.emulator.hooks import Answer, Request, ServiceError
from twin.sagemaker import (
    endpoint_configs,
    endpoints,
    executions,
    hyper_parameter_tuning_jobs,
    job_deletion,
    model_package_groups,
    model_packages,
    models,
    pipelines,
    processing_jobs,
    tags,
    training_jobs,
    validation,
)
from twin.sagemaker.call import Call, Operation
from twin.sagemaker.runtime import invoke_endpoint, is_invocation

OPERATIONS: dict[str, Operation] = {
    **pipelines.OPERATIONS,
    **executions.OPERATIONS,
    **training_jobs.OPERATIONS,
    **processing_jobs.OPERATIONS,
    **hyper_parameter_tuning_jobs.OPERATIONS,
    **job_deletion.OPERATIONS,
    **model_package_groups.OPERATIONS,
    **model_packages.OPERATIONS,
    **models.OPERATIONS,
    **endpoint_configs.OPERATIONS,
    **endpoints.OPERATIONS,
    **tags.OPERATIONS,
}


def handle(request: Request) -> Answer:
    """Answer one request. Raises ServiceError."""
    if is_invocation(request):
        return invoke_endpoint(request)
    name = request.operation or ""
    operation = OPERATIONS.get(name)
    if operation is None:
        raise ServiceError("UnknownOperationException", f"The operation {name} of SageMaker is not served here.")
    parameters = request.parameters
    validation.check(name, parameters)
    call = Call.of(request, parameters)
    answer = operation(call)
    # A copy, because jobs go on writing to what is described while the answer is on its way.
    with call.store.lock:
        return copy.deepcopy(answer)
