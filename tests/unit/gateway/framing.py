"""The beginning of a frame of an event stream, of any lengths."""

from __future__ import annotations

import struct
from zlib import crc32


def prelude(length: int, of_headers: int) -> bytes:
    """Give the two lengths and their checksum."""
    lengths = struct.pack(">II", length, of_headers)
    return lengths + struct.pack(">I", crc32(lengths))
