"""An endpoint's way from one state to the next: created, moved to another configuration, watched, rolled back."""

from __future__ import annotations

import logging
import os
import socket
import threading
import time
from urllib.parse import urlsplit

from botocore.exceptions import ClientError

from twin import credentials
from twin.emulator import hooks
from twin.emulator.hooks import Json
from twin.events import emit
from twin.sagemaker.serving.container import ContainerError
from twin.sagemaker.serving.fleet import Fleet
from twin.sagemaker.store import Store

SOURCE = "sagemaker.endpoint"
_ALARM_POLL_S = 1.0
_LISTENING_POLL_S = 0.05

_log = logging.getLogger(__name__)
_fleets: dict[str, Fleet] = {}
_ending = threading.Event()


class AlarmRangError(Exception):
    """An alarm that the deployment watches is in the ALARM state."""


def fleet_of(arn: str) -> Fleet | None:
    """What serves the endpoint, or None where nothing does (yet)."""
    return _fleets.get(arn)


def begin(store: Store, record: Json, configuration: Json, deployment: Json | None = None) -> None:
    """Bring the endpoint to `configuration`, in the background."""

    def work() -> None:
        _wait_for_emulator()
        _roll_out(store, record, configuration, deployment or {})

    hooks.in_background(f"endpoint {record['EndpointName']}", work)


def _wait_for_emulator() -> None:
    """Wait until the emulator listens: what it resumes at its start needs its S3, and begins before that."""
    address = urlsplit(os.environ["AWS_ENDPOINT_URL"])
    while not _ending.is_set():
        try:
            socket.create_connection((address.hostname or "", address.port or 0), timeout=5).close()
            return
        except ConnectionRefusedError:
            _ending.wait(_LISTENING_POLL_S)


def _roll_out(store: Store, record: Json, configuration: Json, deployment: Json) -> None:
    name, arn = record["EndpointName"], record["EndpointArn"]
    emit("started", SOURCE, name, arn=arn, endpoint_config=configuration["EndpointConfigName"])
    began = time.monotonic()
    former = _fleets.get(arn)
    fleet: Fleet | None = None
    try:
        model = store.find("model", configuration["ProductionVariants"][0]["ModelName"])
        if model is None:
            raise ContainerError(f'Could not find model "{configuration["ProductionVariants"][0]["ModelName"]}".')
        fleet = Fleet(name, configuration, model)
        fleet.start()
        _fleets[arn] = fleet
        if former is not None:
            _watch_alarms(deployment)
    except (ContainerError, AlarmRangError, ClientError) as error:
        _roll_back(store, record, fleet, former, str(error))
    except Exception as error:
        _log.exception("The endpoint %s ended in an error of the emulator's own.", name)
        _roll_back(store, record, fleet, former, f"InternalServerError: {error!r}")
    else:
        store.update(
            record,
            EndpointConfigName=configuration["EndpointConfigName"],
            ProductionVariants=[fleet.summary()],
            EndpointStatus="InService",
        )
        if former is not None:
            former.retire(fleet)
    status, wall_s = record["EndpointStatus"], round(time.monotonic() - began, 3)
    emit("finished", SOURCE, name, arn=arn, status=status, message=record.get("FailureReason", ""), wall_s=wall_s)


def _watch_alarms(deployment: Json) -> None:
    """Watch the deployment's alarms while the old fleet is kept, for as long as the deployment says."""
    names = [alarm["AlarmName"] for alarm in (deployment.get("AutoRollbackConfiguration") or {}).get("Alarms") or ()]
    policy = deployment.get("BlueGreenUpdatePolicy") or {}
    wait = (policy.get("TrafficRoutingConfiguration") or {}).get("WaitIntervalInSeconds", 0)
    deadline = time.monotonic() + wait + policy.get("TerminationWaitInSeconds", 0)
    cloudwatch = credentials.client("cloudwatch")
    while names and not _ending.is_set():
        ringing = cloudwatch.describe_alarms(AlarmNames=names, StateValue="ALARM")
        rang = [alarm["AlarmName"] for alarm in (*ringing["MetricAlarms"], *ringing.get("CompositeAlarms", ()))]
        if rang:
            raise AlarmRangError(f"The deployment was rolled back: the alarm {rang[0]} is in the ALARM state.")
        if time.monotonic() >= deadline:
            return
        _ending.wait(_ALARM_POLL_S)


def _roll_back(store: Store, record: Json, fleet: Fleet | None, former: Fleet | None, reason: str) -> None:
    """Return to the former fleet, or fail where there is none."""
    if former is None:
        _fleets.pop(record["EndpointArn"], None)
        store.update(record, FailureReason=reason, EndpointStatus="Failed")
    else:
        store.update(record, EndpointStatus="RollingBack")
        _fleets[record["EndpointArn"]] = former
        store.update(record, FailureReason=reason, EndpointStatus="InService")
    if fleet is not None:
        fleet.retire(former)


def end(arn: str) -> None:
    """Stop what serves the endpoint."""
    fleet = _fleets.pop(arn, None)
    if fleet is not None:
        fleet.retire()


def stop_all() -> None:
    """Stop every server: the emulator ends."""
    _ending.set()
    while _fleets:
        _fleets.popitem()[1].container.kill()
