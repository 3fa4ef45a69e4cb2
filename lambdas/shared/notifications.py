"""Messages to the people who subscribed to the topic."""

from __future__ import annotations

import re

from lambdas.shared import aws

# What SNS takes: printable ASCII of up to 100 characters, and 256 KB of text.
MAX_SUBJECT_CHARACTERS = 100
MAX_MESSAGE_BYTES = 256 * 1024
NOT_PRINTABLE_ASCII = re.compile(r"[^ -~]+")


def publish(topic_arn: str, subject: str, message: str) -> None:
    """Send a message, its subject made fit for SNS."""
    fit = NOT_PRINTABLE_ASCII.sub("?", subject)[:MAX_SUBJECT_CHARACTERS]
    content = message.encode()[:MAX_MESSAGE_BYTES].decode(errors="ignore")
    aws.client("sns").publish(TopicArn=topic_arn, Subject=fit, Message=content)
