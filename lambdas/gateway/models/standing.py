"""How the workflow's endpoint stands, as SageMaker says it: asked when somebody looks, and remembered for some seconds.

A serverless endpoint is in service whether or not a container of it is warm: that it sleeps is known from requests
alone.
"""

from __future__ import annotations

import time
from typing import NamedTuple

from lambdas.shared import aws, log

READY, STARTING, UNAVAILABLE, UNKNOWN = "ready", "starting", "unavailable", "unknown"
REMEMBERED_SECONDS = 10.0
# Whoever looks at the list of models waits no longer than this for it.
READ_TIMEOUT_SECONDS = 3
# An endpoint answers while it is updated or maintained, and after an update that could not be taken back.
OF_STATUS = {
    "InService": READY,
    "Updating": READY,
    "SystemUpdating": READY,
    "RollingBack": READY,
    "UpdateRollbackFailed": READY,
    "Creating": STARTING,
    "OutOfService": UNAVAILABLE,
    "Deleting": UNAVAILABLE,
    "Failed": UNAVAILABLE,
}
NO_SUCH_ENDPOINT = "could not find"


class _Remembered(NamedTuple):
    standing: str
    until: float


_remembered: dict[str, _Remembered] = {}


def standing(endpoint: str) -> str:
    """Give how an endpoint stands; `UNKNOWN` where SageMaker does not say, which the log has with its reason."""
    known = _remembered.get(endpoint)
    if known and time.monotonic() < known.until:
        return known.standing
    found = _asked(endpoint)
    _remembered[endpoint] = _Remembered(found, time.monotonic() + REMEMBERED_SECONDS)
    return found


def forget() -> None:
    """Ask anew at the next look."""
    _remembered.clear()


def _asked(endpoint: str) -> str:
    client = aws.client("sagemaker", connect_timeout=2, read_timeout=READ_TIMEOUT_SECONDS, attempts=1)
    try:
        status = str(client.describe_endpoint(EndpointName=endpoint)["EndpointStatus"])
    except aws.CALL_ERRORS as failure:
        if isinstance(failure, aws.ClientError) and NO_SUCH_ENDPOINT in aws.error_message(failure).lower():
            return UNAVAILABLE
        log.warning("The endpoint's state is not known", error=type(failure).__name__, reason=str(failure))
        return UNKNOWN
    return OF_STATUS.get(status, UNKNOWN)
