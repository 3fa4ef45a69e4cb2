"""bedrock-runtime: Converse, ConverseStream and InvokeModel on real weights; see `twin.weights.imported` for which.

The models are served as if they had been imported (Bedrock Custom Model Import): their ids are ARNs of imported
models. Beside them answer what was customized or imported here, and the models that stand-ins are customized for
(`twin.weights.stand_ins`). No other model answers.
"""

from __future__ import annotations

from twin.bedrock import control, servers, service
from twin.emulator import hooks


def register() -> None:
    """Serve bedrock-runtime."""
    hooks.add_service("bedrock-runtime", service.handle)
    control.register()
    hooks.on_shutdown(servers.stop_all)
