"""SageMaker: pipelines, jobs, registry and endpoints, on this machine's own processes.

What a request asks for is done (a script runs, a server serves) or refused by name; see `honoured` for what is
honoured, and docs/twin_models.md for what serves the models.
"""

from __future__ import annotations

from twin.emulator import hooks
from twin.emulator.hooks import Json
from twin.sagemaker import cfn, endpoints, execution_run, executions, service, store
from twin.sagemaker.jobs import interrupted, job
from twin.sagemaker.search import tuning_job
from twin.sagemaker.serving import rollout


def register() -> None:
    """Serve SageMaker and provision its CloudFormation types."""
    hooks.add_service("sagemaker", service.handle, "SageMaker")
    cfn.register()
    hooks.persist("sagemaker", store.save, _load)
    hooks.on_shutdown(_stop_everything)


def _load(saved: Json) -> None:
    store.load(saved)
    for loaded in store.stores():
        executions.close_interrupted(loaded)
        interrupted.close(loaded)
        endpoints.resume(loaded)


def _stop_everything() -> None:
    execution_run.stop_all()
    tuning_job.stop_all()
    job.stop_all()
    rollout.stop_all()
