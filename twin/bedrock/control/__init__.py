"""bedrock, the control plane: customization and import jobs, custom models, and what serves them.

Jobs train local weights for real; `twin.weights.stand_ins` says which stand in for which model.
"""

from __future__ import annotations

from twin.bedrock.control import cfn, jobs, service, serving, store
from twin.emulator import hooks
from twin.emulator.hooks import Json


def register() -> None:
    """Serve the control plane, and keep what was made."""
    hooks.add_service("bedrock", service.handle)
    cfn.register()
    hooks.persist("bedrock", store.save, _load)
    hooks.on_shutdown(jobs.stop_all)


def _load(saved: Json) -> None:
    store.load(saved)
    for record in store.all_of("job"):
        jobs.close_interrupted(record)
    serving.close_interrupted()
