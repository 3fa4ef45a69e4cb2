"""On what the training job runs: spot instances, a warm pool, and how often a job is tried again.

Settings of the deployment, not parameters of an execution: the service takes the time to wait for spot instances only
from a job that wants them, and a pipeline's parameter cannot leave a member of a request out.
"""

from __future__ import annotations

from typing import Any

from cdk_app.settings.tuning import Tuning

_TRAINING = "Training"
_FIRST_PAUSE_S = 60
"""Before a job is tried again, and twice as long each time: as the pipeline's definition has it."""
_OF_JOBS = "SageMaker."
"""How the exception types of jobs begin, in a retry policy; those of calls are tried again in any case."""


def set_capacity(definition: dict[str, Any], tuning: Tuning) -> None:
    """Write the settings into a pipeline's definition, as `json.loads` gives it."""
    for step in definition["Steps"]:
        _set_retries(step, tuning.retries)
        if step["Type"] == _TRAINING:
            _set_instances(step["Arguments"], tuning)
    if tuning.spot:
        wait = {"Name": "MaxWaitSeconds", "Type": "Integer", "DefaultValue": 60 * tuning.longest_wait_minutes}
        definition["Parameters"].append(wait)


def attempts(tuning: Tuning) -> int:
    """How often each job of the pipeline is begun, at most."""
    return 1 + tuning.retries


def pauses_s(tuning: Tuning) -> int:
    """Seconds that pass between the attempts of one job, all together."""
    return int(_FIRST_PAUSE_S * (2**tuning.retries - 1))


def _set_instances(arguments: dict[str, Any], tuning: Tuning) -> None:
    if tuning.spot:
        arguments["EnableManagedSpotTraining"] = True
        arguments["StoppingCondition"]["MaxWaitTimeInSeconds"] = {"Get": "Parameters.MaxWaitSeconds"}
    if tuning.keep_alive_minutes:
        arguments["ResourceConfig"]["KeepAlivePeriodInSeconds"] = 60 * tuning.keep_alive_minutes


def _set_retries(step: dict[str, Any], retries: int) -> None:
    policies = step.get("RetryPolicies", [])
    for policy in [one for one in policies if any(kind.startswith(_OF_JOBS) for kind in one["ExceptionType"])]:
        policy["MaxAttempts"] = retries
        if not retries:
            policies.remove(policy)
