"""Retry policies of a step: which failures are tried again, when, and how often."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

MEMBERS = {"ExceptionType", "IntervalSeconds", "BackoffRate", "MaxAttempts", "ExpireAfterMin"}
STEP_EXCEPTIONS = frozenset({"Step.SERVICE_FAULT", "Step.THROTTLING"})
JOB_EXCEPTIONS = frozenset({"SageMaker.JOB_INTERNAL_ERROR", "SageMaker.CAPACITY_ERROR", "SageMaker.RESOURCE_LIMIT"})
_DEFAULT_INTERVAL_S = 1
_DEFAULT_BACKOFF = 2.0
_DEFAULT_ATTEMPTS = 5


class StepFailedError(Exception):
    """A step's failure: its reason, and the exception types that a retry policy may name for it."""

    def __init__(self, reason: str, exception_types: frozenset[str] = frozenset()) -> None:
        super().__init__(reason)
        self.reason, self.exception_types = reason, exception_types


class StepStoppedError(Exception):
    """A step ended because the execution was stopped."""


@dataclass(frozen=True)
class RetryPolicy:
    """One policy, as the definition gives it. `expires_after_s` counts from the step's first attempt."""

    exception_types: frozenset[str]
    interval_s: float = _DEFAULT_INTERVAL_S
    backoff: float = _DEFAULT_BACKOFF
    max_attempts: int | None = _DEFAULT_ATTEMPTS
    expires_after_s: float | None = None

    @classmethod
    def parse(cls, policy: dict[str, Any]) -> RetryPolicy:
        """A policy out of a definition that has been checked."""
        expires = policy.get("ExpireAfterMin")
        return cls(
            frozenset(policy["ExceptionType"]),
            policy.get("IntervalSeconds", _DEFAULT_INTERVAL_S),
            policy.get("BackoffRate", _DEFAULT_BACKOFF),
            # An expiry is a limit of its own: a policy has the one or the other.
            policy.get("MaxAttempts", None if expires else _DEFAULT_ATTEMPTS),
            expires * 60 if expires else None,
        )


@dataclass
class Retries:
    """The retries of one step: each policy counts its own."""

    policies: Sequence[RetryPolicy]
    started: float = field(default_factory=time.monotonic)
    _used: dict[int, int] = field(default_factory=dict)

    def wait_before_retry(self, failure: StepFailedError) -> float | None:
        """Seconds to wait before the next attempt, or None where no policy admits one."""
        for number, policy in enumerate(self.policies):
            if not policy.exception_types & failure.exception_types:
                continue
            used = self._used.get(number, 0)
            wait = policy.interval_s * policy.backoff**used
            if policy.max_attempts is not None and used >= policy.max_attempts:
                return None
            if policy.expires_after_s is not None and self._elapsed() + wait > policy.expires_after_s:
                return None
            self._used[number] = used + 1
            return wait
        return None

    def _elapsed(self) -> float:
        return time.monotonic() - self.started


def problems(policy: Any, path: str) -> list[str]:
    """What is wrong with a retry policy of a definition."""
    if not isinstance(policy, dict):
        return [f"{path} is not a retry policy."]
    found = [f"The property {path}.{name} is not supported." for name in policy if name not in MEMBERS]
    types = policy.get("ExceptionType")
    if not isinstance(types, list) or not types:
        return [*found, f"{path}.ExceptionType must name at least one exception type."]
    known = STEP_EXCEPTIONS | JOB_EXCEPTIONS
    found += [f"The exception type '{name}' at {path} is not supported." for name in types if name not in known]
    if "MaxAttempts" in policy and "ExpireAfterMin" in policy:
        found.append(f"{path} has both MaxAttempts and ExpireAfterMin: give one.")
    return found
