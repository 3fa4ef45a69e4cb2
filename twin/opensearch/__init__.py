"""Amazon OpenSearch Serverless: vector search collections, searched exactly where the service searches approximately.

The emulator serves the control plane. Here is what lies in collections: `endpoint` lets in and answers, `store` holds
the indexes, `mappings` says what fits into one, `searches` finds.
"""

from __future__ import annotations

from twin.emulator import hooks
from twin.opensearch import cfn, endpoint, store


def register() -> None:
    """Serve collections, and provision their resources."""
    hooks.serve_collections(endpoint.answer, store.forget)
    cfn.register()
