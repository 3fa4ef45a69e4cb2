"""Serve the gateway: in Lambda behind the Lambda Web Adapter, elsewhere on loopback."""

import gc

# For as long as modules are imported; `serving` says why.
gc.disable()

from lambdas.gateway.serving import serve  # noqa: E402

serve()
