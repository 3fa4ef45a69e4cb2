"""What the tests of reading share: files in a bucket, read whole or in chunks."""

from collections.abc import Callable

import pytest

from pipelines.preparation.reading.chunks import count_line_starts, needs_counting, number_lines, plan_chunks
from pipelines.preparation.reading.records import read_chunk
from pipelines.preparation.records import Line
from pipelines.preparation.settings import Columns
from pipelines.preparation.storage import Bucket

Read = Callable[..., list[Line]]


@pytest.fixture(scope="session")
def read(bucket: Callable[..., Bucket]) -> Read:
    """Reads files by name and content, in chunks of a size."""

    def read_files(
        files: dict[str, bytes], columns: Columns | None = None, max_bytes: int = 1000, chunk_bytes: int = 1_000_000
    ) -> list[Line]:
        raw = bucket(files)
        chunks = plan_chunks(raw.objects(""), chunk_bytes)
        counts = {(c.stored.key, c.start): count_line_starts(c, raw) for c in chunks if needs_counting(c)}
        numbered = number_lines(chunks, counts)
        return [line for chunk in numbered for line in read_chunk(chunk, raw, max_bytes, columns)]

    return read_files
