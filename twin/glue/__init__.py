"""Glue: jobs run on a real Spark of the version that their Glue version has; what cannot run is refused."""

from twin.emulator import hooks
from twin.glue import data_quality
from twin.glue.jobs import JOBS, create_job, get_job, get_jobs, update_job
from twin.glue.refusals import REFUSED, refuse
from twin.glue.resources import register_resources
from twin.glue.runs import RUNS, batch_stop_job_run, delete_job, get_job_run, get_job_runs, start_job_run

_OPERATIONS = {
    "CreateJob": create_job,
    "UpdateJob": update_job,
    "DeleteJob": delete_job,
    "GetJob": get_job,
    "GetJobs": get_jobs,
    "StartJobRun": start_job_run,
    "GetJobRun": get_job_run,
    "GetJobRuns": get_job_runs,
    "BatchStopJobRun": batch_stop_job_run,
}


def register() -> None:
    """Serve Glue's jobs and their runs, and refuse what the emulator would only pretend to do."""
    for operation, handler in _OPERATIONS.items():
        hooks.override("glue", operation, handler)
    for operation in REFUSED:
        hooks.override("glue", operation, refuse)
    register_resources()
    data_quality.register()
    hooks.persist("glue_jobs", JOBS.save, JOBS.load)
    hooks.persist("glue_job_runs", RUNS.save, RUNS.load)
    hooks.on_shutdown(RUNS.stop_all)
