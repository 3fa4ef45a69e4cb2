"""Amazon OpenSearch Serverless: vector search collections, searched exactly where the service searches approximately.

The emulator serves the control plane. Here is what lies in collections: `endpoint` lets in and answers, `store` holds
the indexes, `mappings` says what fits into one, `searches` finds.
"""

from __future__ import annotations

from twin.emulator import hooks
from twin.opensearch import cfn, endpoint, files, store


def register() -> None:
    """Serve collections, provision their resources, and keep what is in them."""
    hooks.serve_collections(endpoint.answer, store.forget)
    hooks.remember_deploying_roles()
    hooks.persist("opensearch", files.save, files.load)
    cfn.register()
