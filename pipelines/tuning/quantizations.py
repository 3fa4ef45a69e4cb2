"""The quantizations that a model can be served in: llama.cpp's names for them, and what each does with a tensor.

These are the ones that the `gguf` package computes. K-quants it only reads; they also want rows of 256 numbers, which
small models do not have.
"""

from __future__ import annotations

from collections.abc import Mapping

from gguf import GGMLQuantizationType as Type
from gguf import LlamaFileType

DEFAULT = "q8_0"
TYPES: Mapping[str, Type] = {"q8_0": Type.Q8_0, "q4_1": Type.Q4_1, "q4_0": Type.Q4_0}
FILE_TYPES: Mapping[Type, LlamaFileType] = {
    Type.Q8_0: LlamaFileType.MOSTLY_Q8_0,
    Type.Q4_1: LlamaFileType.MOSTLY_Q4_1,
    Type.Q4_0: LlamaFileType.MOSTLY_Q4_0,
    Type.F32: LlamaFileType.ALL_F32,
}
# Numbers that share a step. A row that is no multiple of it stays as it is.
BLOCK = 32
_FOUR_BITS = (Type.Q4_0, Type.Q4_1)
# Every answer's tokens come out of these: llama.cpp's own quantizer spares them too.
_SPARED = ("token_embd.weight", "output.weight")


def tensor_type(name: str, shape: tuple[int, ...], quantization: Type) -> Type:
    """Give the format of a tensor, by its name in GGUF: vectors, norms among them, are not quantized."""
    if len(shape) < 2 or shape[-1] % BLOCK:
        return Type.F32
    return Type.Q8_0 if name in _SPARED and quantization in _FOUR_BITS else quantization
