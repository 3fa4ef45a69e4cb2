"""Amazon S3 Vectors: vector buckets and indexes in memory, searched exactly where AWS searches approximately.

What S3 Vectors refuses is refused, with its limits: `table` holds the vectors, `nearest` finds, `filters` chooses.
"""

from __future__ import annotations

from twin.emulator import hooks
from twin.s3vectors import buckets, cfn, files, service, store


def register() -> None:
    """Serve it, judge the policies of its buckets, provision its resources, and keep what is in it."""
    hooks.add_service("s3vectors", service.handle)
    hooks.give_resource_policies("s3vectors", buckets.policy_of)
    hooks.give_condition_keys("s3vectors", tags_on)
    hooks.persist("s3vectors", files.save, files.load)
    cfn.register()


def tags_on(arn: str) -> dict[str, str]:
    """`aws:ResourceTag/...` of what bears the ARN; nothing of what is not there, as on AWS."""
    return {f"aws:ResourceTag/{key}": value for key, value in store.tags(arn).items()}
