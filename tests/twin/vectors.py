"""Vector buckets and indexes that the twin's tests make."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from tests.twin.helpers import Json, unique
from twin.emulator import Emulator
from twin.emulator.account import ACCOUNT_ID, REGION

ARN = f"arn:aws:s3vectors:{REGION}:{ACCOUNT_ID}:bucket"


def unchecked_client(emulator: Emulator) -> Any:
    """A client of the account, which leaves it to the service to refuse."""
    config = Config(parameter_validation=False)
    return emulator.session().client("s3vectors", endpoint_url=emulator.endpoint_url, config=config)


def make_bucket(emulator: Emulator, **settings: Any) -> str:
    """A vector bucket; its name."""
    name = unique("vectors")
    emulator.client("s3vectors").create_vector_bucket(vectorBucketName=name, **settings)
    return name


def make_index(emulator: Emulator, bucket: str, **settings: Any) -> Json:
    """An index of three dimensions, or as `settings` say; what names it in a call."""
    wanted: Json = {"dataType": "float32", "dimension": 3, "distanceMetric": "cosine", **settings}
    named: Json = {"vectorBucketName": bucket, "indexName": wanted.pop("indexName", unique("index"))}
    emulator.client("s3vectors").create_index(**named, **wanted)
    return named


def vector(key: str, *numbers: float, **metadata: Any) -> Json:
    """A vector as PutVectors takes it."""
    return {"key": key, "data": {"float32": list(numbers)}, **({"metadata": metadata} if metadata else {})}


def refused(call: Any, **parameters: Any) -> str:
    """The error that a call ends with: its code and its message."""
    with pytest.raises(ClientError) as error:
        call(**parameters)
    found = error.value.response["Error"]
    return f"{found['Code']}: {found['Message']}"


def denied(call: Any, **parameters: Any) -> str:
    """Action and resource that a call is denied for."""
    message = refused(call, **parameters)
    assert message.startswith("AccessDeniedException"), message
    _, _, rest = message.partition("not authorized to perform: ")
    return rest.partition(" because")[0].replace(" on resource: ", " ")
