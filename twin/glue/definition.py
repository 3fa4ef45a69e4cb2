"""What the twin can run of Glue: versions, worker types, job properties and special arguments.

A definition is checked when it is made, so that a deployment fails and names the property, and not the run.
"""

from __future__ import annotations

from typing import Any

from twin.emulator.hooks import ServiceError

Json = dict[str, Any]

SPARK_OF = {"5.1": "3.5.6"}
VCPUS_OF = {"G.1X": 4, "G.2X": 8, "G.4X": 16, "G.8X": 32, "R.1X": 4, "R.2X": 8, "R.4X": 16, "R.8X": 32}

_PROPERTIES = {
    "Command",
    "DefaultArguments",
    "Description",
    "ExecutionProperty",
    "GlueVersion",
    "JobMode",
    "Name",
    "NonOverridableArguments",
    "NotificationProperty",
    "NumberOfWorkers",
    "Role",
    "SecurityConfiguration",
    "Tags",
    "Timeout",
    "WorkerType",
}
# Properties with a value that asks for nothing.
_NEUTRAL = {"MaxRetries": 0, "ExecutionClass": "STANDARD", "JobRunQueuingEnabled": False}

# Arguments that Glue itself reads. Each is honoured, or has no meaning on one machine.
_HONOURED_ARGUMENTS = {
    "--additional-python-modules",
    "--conf",
    "--custom-logGroup-prefix",
    "--custom-logStream-prefix",
    "--extra-files",
    "--extra-py-files",
}
_MEANINGLESS_HERE = {
    "--TempDir",
    "--enable-auto-scaling",
    "--enable-continuous-cloudwatch-log",
    "--enable-job-insights",
    "--enable-metrics",
    "--enable-observability-metrics",
    "--enable-spark-ui",
    "--job-language",
    "--python-modules-installer-option",
    "--spark-event-logs-path",
}
_REFUSED_ARGUMENTS = {
    "--class",
    "--datalake-formats",
    "--enable-glue-datacatalog",
    "--enable-rename-algorithm-v2",
    "--enable-s3-parquet-optimized-committer",
    "--extra-jars",
    "--user-jars-first",
}


def check_definition(job: Json) -> None:
    """Refuse a job that the twin cannot run.

    Raises ServiceError InvalidInputException that names every property which stands in the way.
    """
    wrong = [
        *_unsupported_properties(job),
        *_wrong_command(job.get("Command", {})),
        *_wrong_capacity(job),
        *wrong_arguments(job.get("DefaultArguments", {})),
        *wrong_arguments(job.get("NonOverridableArguments", {})),
    ]
    if wrong:
        name = job.get("Name", "")
        raise ServiceError("InvalidInputException", f"The twin cannot run the job {name}: {'; '.join(wrong)}.")


def _unsupported_properties(job: Json) -> list[str]:
    given = {key for key, value in job.items() if value not in (None, {}, [], "")}
    extra = {key for key in given - _PROPERTIES if job[key] != _NEUTRAL.get(key, object())}
    return [f"{key} is not supported" for key in sorted(extra)]


def _wrong_command(command: Json) -> list[str]:
    wrong = []
    if command.get("Name") != "glueetl":
        wrong.append(f"Command.Name is {command.get('Name')!r} and only 'glueetl' (Spark) runs")
    if str(command.get("PythonVersion", "3")) != "3":
        wrong.append(f"Command.PythonVersion is {command['PythonVersion']!r} and must be '3'")
    if not str(command.get("ScriptLocation", "")).startswith("s3://"):
        wrong.append("Command.ScriptLocation must be an s3:// address")
    return wrong


def _wrong_capacity(job: Json) -> list[str]:
    wrong = []
    if job.get("GlueVersion") not in SPARK_OF:
        wrong.append(f"GlueVersion is {job.get('GlueVersion')!r} and must be one of {', '.join(SPARK_OF)}")
    if job.get("WorkerType") not in VCPUS_OF:
        wrong.append(f"WorkerType is {job.get('WorkerType')!r} and must be one of {', '.join(VCPUS_OF)}")
    if int(job.get("NumberOfWorkers") or 0) < 2:
        wrong.append(f"NumberOfWorkers is {job.get('NumberOfWorkers')!r} and must be at least 2")
    return wrong


def wrong_arguments(arguments: Json) -> list[str]:
    """Why arguments cannot be honoured; empty when they can. Arguments that Glue does not read all can."""
    wrong = [f"the argument {name} is not supported" for name in sorted(set(arguments) & _REFUSED_ARGUMENTS)]
    if arguments.get("--job-bookmark-option", "job-bookmark-disable") != "job-bookmark-disable":
        wrong.append("job bookmarks (--job-bookmark-option) are not supported")
    if arguments.get("--job-language", "python") != "python":
        wrong.append("--job-language must be python")
    return wrong
