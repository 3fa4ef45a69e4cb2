"""The gateway's parts that documents need, in an emulator's account, and what CPU they all take."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from lambdas.gateway.retrieval.documents import Documents
from twin.emulator import Emulator
from twin.emulator.account import REGION

MODEL = f"arn:aws:bedrock:{REGION}:000000000000:imported-model/minilml6v2q1"
DIMENSIONS = 384
BUCKET, TABLE, VECTORS, INDEX = "bench-documents", "bench-gateway", "bench-vectors", "passages"
NOT_FILTERABLE = ["name", "passage", "text"]


@dataclass(frozen=True)
class Embedding:
    """The twin's embedding model."""

    model_id: str = MODEL
    dimensions: int = DIMENSIONS


@dataclass(frozen=True)
class Limits:
    """Of a service's document."""

    max_document_bytes: int = 50_000_000


@dataclass(frozen=True)
class Settings:
    """What documents need of the gateway's settings."""

    embedding: Embedding = Embedding()
    limits: Limits = Limits()


class Account:
    """A running emulator with a bucket, a table and a vector index, and documents over them."""

    def __init__(self, emulator: Emulator) -> None:
        self.emulator = emulator
        self.documents = Documents.from_environment(Settings())

    def cpu_seconds(self) -> Mapping[str, float]:
        """Give the CPU seconds that were used so far: by the gateway's own code, and by the services' stand-ins."""
        own = os.getpid()
        others = [process for process in psutil.Process(own).children(recursive=True) if process.is_running()]
        used = [process.cpu_times() for process in others]
        return {"gateway": time.process_time(), "services": sum(times.user + times.system for times in used)}


@contextmanager
def account(folder: Path) -> Iterator[Account]:
    """Start an emulator and make what documents need."""
    with Emulator(folder) as emulator:
        emulator.client("s3").create_bucket(Bucket=BUCKET)
        emulator.client("dynamodb").create_table(
            TableName=TABLE,
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")],
            BillingMode="PAY_PER_REQUEST",
        )
        vectors = emulator.client("s3vectors")
        vectors.create_vector_bucket(vectorBucketName=VECTORS)
        vectors.create_index(
            vectorBucketName=VECTORS,
            indexName=INDEX,
            dataType="float32",
            dimension=DIMENSIONS,
            distanceMetric="cosine",
            metadataConfiguration={"nonFilterableMetadataKeys": NOT_FILTERABLE},
        )
        named = {"DOCUMENTS_BUCKET": BUCKET, "GATEWAY_TABLE": TABLE, "VECTOR_BUCKET": VECTORS, "VECTOR_INDEX": INDEX}
        os.environ.update({**emulator.environment(), **named})
        yield Account(emulator)
