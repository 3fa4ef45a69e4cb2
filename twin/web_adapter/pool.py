"""Which environment serves a function's request.

On Lambda an environment has one request at a time, and as many environments as requests run. Here one process of a
function's version serves all requests at once: an application that answers several connections cannot tell, and a
process for each of them would be more than a laptop has room for. docs/twin.md says what that makes different.
"""

from __future__ import annotations

import threading

from twin.emulator.hooks import FunctionFailedError, WebFunction
from twin.web_adapter.environment import Environment
from twin.web_adapter.settings import AdapterSettings

_Key = tuple[str, str]


class Pool:
    """The environments of all functions, one of each version that is asked."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._starting: dict[_Key, threading.Lock] = {}
        self._current: dict[_Key, Environment] = {}
        self._coming: set[Environment] = set()

    def enter(self, function: WebFunction, settings: AdapterSettings, request_id: str) -> Environment:
        """The environment for one more request, started where there is none; `leave` it afterwards.

        Raises:
            FunctionFailedError: it did not come up.
        """
        key = (function.arn, function.version)
        with self._lock:
            starting = self._starting.setdefault(key, threading.Lock())
        with starting:  # the first requests wait for one process
            return self._entered(key, function) or self._started(key, function, settings, request_id)

    def leave(self, environment: Environment, broken: bool = False) -> None:
        """Give back what `enter` gave; a broken one gets no further request, as after a timeout on Lambda."""
        with self._lock:
            environment.in_flight -= 1
        if broken:
            self._retire(environment)
        elif environment.retired and environment.in_flight == 0:
            environment.end()

    def retire(self, function_name: str, version: str | None = None) -> None:
        """Let no further request into a function's environments: it was changed or deleted."""
        with self._lock:
            found = [
                environment
                for environment in (*self._current.values(), *self._coming)
                if environment.function.name == function_name and version in (None, environment.function.version)
            ]
        for environment in found:
            self._retire(environment)

    def end(self) -> None:
        """End every environment at once."""
        with self._lock:
            environments = [*self._current.values(), *self._coming]
            self._current.clear()
        for environment in environments:
            environment.end()

    def _entered(self, key: _Key, function: WebFunction) -> Environment | None:
        with self._lock:
            environment = self._current.get(key)
            if environment is None:
                return None
            # Who waited for a process may have waited while the function changed, and have started a former one.
            if environment.alive and environment.function.revision == function.revision:
                environment.in_flight += 1
                return environment
        self._retire(environment)
        return None

    def _started(self, key: _Key, function: WebFunction, settings: AdapterSettings, request_id: str) -> Environment:
        environment = Environment(function, settings)
        with self._lock:
            environment.in_flight = 1
            self._coming.add(environment)
        try:
            environment.wait_until_ready(request_id)
        except BaseException as error:
            with self._lock:
                self._coming.discard(environment)
            environment.end()
            if isinstance(error, FunctionFailedError):
                raise FunctionFailedError(error.kind, error.message, environment.printed()) from error
            raise
        with self._lock:
            self._coming.discard(environment)
            if not environment.retired:  # or else the function was changed meanwhile, and this request is its only one
                self._current[key] = environment
        return environment

    def _retire(self, environment: Environment) -> None:
        with self._lock:
            environment.retired = True
            key = (environment.function.arn, environment.function.version)
            if self._current.get(key) is environment:
                del self._current[key]
            unused = environment.in_flight == 0
        if unused:
            environment.end()
