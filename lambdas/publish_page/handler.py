"""Put the page's files, or its configuration, into its bucket: the function behind two custom resources.

CloudFormation has no resource for an object in a bucket. The files of one version lie under a prefix of their own,
which is also the resource's physical id: another version is another resource, and CloudFormation deletes the former
one when everything that depends on the new one is up to date.

Event: a custom resource's event. Its properties: Bucket, Prefix; and either ArchiveBucket and ArchiveKey, a zip whose
files are unpacked, or Configuration, an object that becomes `config.json`.
Result: none; CloudFormation is answered under the event's ResponseURL, whatever happens.
Environment: none.
IAM: s3:GetObject on the archive; s3:PutObject, s3:ListBucketVersions and s3:DeleteObjectVersion on the page's bucket.
"""

from __future__ import annotations

import json
import traceback
import urllib.request
from collections.abc import Mapping

from lambdas.publish_page import files
from lambdas.shared import log
from lambdas.shared.errors import InvalidEvent
from lambdas.shared.fields import Fields
from lambdas.shared.function import Context, Event

ANSWER_WITHIN_SECONDS = 30
# CloudFormation takes 4 KB of an answer in all.
LONGEST_REASON = 1000
REMEDY = "Deploy the page's stack as it was synthesized."


def handle(event: Event, context: Context) -> None:
    """Do what CloudFormation asks, and tell it how that ended."""
    log.bind(request_id=context.aws_request_id)
    prefix = str(event.get("PhysicalResourceId") or "none")
    try:
        prefix = _done(event)
        answer = {"Status": "SUCCESS"}
    except Exception as failure:
        # Without an answer, CloudFormation would wait for an hour.
        log.error(str(failure), error=type(failure).__name__, traceback=traceback.format_exc())
        answer = {"Status": "FAILED", "Reason": f"{type(failure).__name__}: {failure}"[:LONGEST_REASON]}
    _tell(event, {**answer, "PhysicalResourceId": prefix})


def _done(event: Event) -> str:
    """Publish or delete, and give the prefix that it was about."""
    fields = Fields(event.get("ResourceProperties"), "ResourceProperties", InvalidEvent, REMEDY)
    bucket, prefix = fields.text("Bucket"), fields.text("Prefix")
    if event.get("RequestType") == "Delete":
        # A resource whose creation failed has no prefix of its own.
        if event.get("PhysicalResourceId") == prefix:
            files.delete(bucket, prefix)
        return str(event.get("PhysicalResourceId"))
    if "Configuration" in fields:
        files.write_configuration(bucket, prefix, fields.fields("Configuration").as_dict())
    else:
        count = files.unpack(fields.text("ArchiveBucket"), fields.text("ArchiveKey"), bucket, prefix)
        log.info("Published", bucket=bucket, prefix=prefix, files=count)
    return prefix


def _tell(event: Event, answer: Mapping[str, str]) -> None:
    body = {**answer, **{name: event[name] for name in ("StackId", "RequestId", "LogicalResourceId")}}
    request = urllib.request.Request(  # noqa: S310 - the address is CloudFormation's
        str(event["ResponseURL"]), data=json.dumps(body).encode(), method="PUT", headers={"Content-Type": ""}
    )
    with urllib.request.urlopen(request, timeout=ANSWER_WITHIN_SECONDS):  # noqa: S310 - see above
        pass
