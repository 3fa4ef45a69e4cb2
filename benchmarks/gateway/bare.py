"""boto3 by itself, in a process that asks as often as it is told to: what the gateway is compared with.

``python -m benchmarks.gateway.bare NAME PORT`` reads how often to ask, a line each time, and answers each line once it
has, with the seconds of processor time that it has written for. NAME is a function of `Bare`; to PORT goes what
`relayed` reads.
"""

from __future__ import annotations

import socket
import sys
import time
from collections.abc import Iterator
from typing import Any

import boto3
from botocore.config import Config

from benchmarks.gateway.processes import HOST

REQUEST: dict[str, Any] = {
    "modelId": "amazon.first-v1:0",
    "messages": [{"role": "user", "content": [{"text": "What do owls hunt?"}]}],
    "inferenceConfig": {"maxTokens": 64},
}
COUNTED = ("requests", "input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens", "nano_usd")
EXPIRES_AT = {"N": "4102444800"}
# As long as the gateway's own events, in a chunk of HTTP.
CHUNK = b"d4\r\n" + b"x" * 0xD4 + b"\r\n"


class Bare:
    """What a program would do without a gateway.

    Attributes:
        writing: seconds of processor time that `relayed` spent on writes.
    """

    def __init__(self, port: int) -> None:
        self._bedrock = boto3.client("bedrock-runtime")
        self._dynamodb = boto3.client("dynamodb", config=Config(retries={"mode": "standard", "total_max_attempts": 3}))
        self._client = socket.create_connection((HOST, port))
        self._client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._asked = 0
        self.writing = 0.0

    def converse(self) -> str:
        """Ask for a whole answer."""
        return str(self._bedrock.converse(**REQUEST)["output"]["message"]["content"][0]["text"])

    def counted(self) -> None:
        """Ask, and count the answer for the caller and for all callers."""
        self.converse()
        self._count()

    def missed(self) -> None:
        """Look for an answer, ask, count it and keep it."""
        self._asked += 1
        key = _key(f"CACHE#{self._asked:064x}", "ANSWER")
        self._find(key)
        text = self.converse()
        self._count()
        self._keep(key, text)

    def found(self) -> None:
        """Look for an answer that is there."""
        key = _key(f"CACHE#{0:064x}", "ANSWER")
        if not self._find(key):
            self._keep(key, "The owl hunts at night.")

    def streamed(self) -> None:
        """Read a stream."""
        for _ in self._texts():
            pass

    def relayed(self) -> None:
        """Read a stream, and write a chunk for each event, as the least that a server can do."""
        for _ in self._texts():
            began = time.thread_time()
            self._client.send(CHUNK)
            self.writing += time.thread_time() - began

    def _texts(self) -> Iterator[str]:
        for event in self._bedrock.converse_stream(**REQUEST)["stream"]:
            if "contentBlockDelta" in event:
                yield event["contentBlockDelta"]["delta"]["text"]

    def _count(self) -> None:
        for whose in ("caller", "all"):
            places = range(len(COUNTED))
            self._dynamodb.update_item(
                TableName="table",
                Key=_key(f"USAGE#{whose}", "DAY#2026-01-01"),
                UpdateExpression=f"ADD {', '.join(f'#{place} :{place}' for place in places)} SET #at = :at",
                ExpressionAttributeNames={**{f"#{place}": COUNTED[place] for place in places}, "#at": "expires_at"},
                ExpressionAttributeValues={**{f":{place}": {"N": "7"} for place in places}, ":at": EXPIRES_AT},
                ReturnValues="UPDATED_NEW",
            )

    def _find(self, key: dict[str, Any]) -> bool:
        return "Item" in self._dynamodb.get_item(TableName="table", Key=key, ConsistentRead=True)

    def _keep(self, key: dict[str, Any], text: str) -> None:
        values = {"text": text, "finish": "stop", "model": "first", "usage": '{"input_tokens": 7, "output_tokens": 5}'}
        fields = {name: {"S": value} for name, value in values.items()}
        self._dynamodb.put_item(TableName="table", Item={**key, **fields, "expires_at": EXPIRES_AT})


def _key(pk: str, sk: str) -> dict[str, Any]:
    return {"pk": {"S": pk}, "sk": {"S": sk}}


def main() -> None:
    """Ask as the lines of the standard input say."""
    bare = Bare(int(sys.argv[2]))
    asking = getattr(bare, sys.argv[1])
    for line in sys.stdin:
        for _ in range(int(line)):
            asking()
        print(bare.writing, flush=True)


if __name__ == "__main__":
    main()
