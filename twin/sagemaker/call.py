"""One request to SageMaker, as the operations see it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from twin.emulator.hooks import Json, Request
from twin.sagemaker.store import Scope, Store, store_of


@dataclass(frozen=True)
class Call:
    """An operation's checked parameters, and the store of the caller's account and region."""

    parameters: Json
    store: Store

    @classmethod
    def of(cls, request: Request, parameters: Json) -> Call:
        """The call that a request makes."""
        return cls(parameters, store_of(Scope(request.account, request.region)))

    @property
    def scope(self) -> Scope:
        """The caller's account and region."""
        return self.store.scope

    def given(self, *left_out: str) -> Json:
        """The parameters that have a value, without those named."""
        return {name: value for name, value in self.parameters.items() if value is not None and name not in left_out}


Operation = Callable[[Call], Json]
Operations = Mapping[str, Operation]
