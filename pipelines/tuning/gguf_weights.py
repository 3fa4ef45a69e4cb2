"""Read an exported file's weights back into the model that it was made of, as llama.cpp will compute with them.

So that a figure is the file's, and not that of what was meant to be written.
"""

from __future__ import annotations

from pathlib import Path

import gguf
import numpy as np
import torch
from transformers import PreTrainedModel

from pipelines.tuning.container import TuningError
from pipelines.tuning.gguf_export import Array, heads_rearranged, tensor_names


@torch.no_grad()
def load(model: PreTrainedModel, path: Path) -> None:
    """Replace the model's weights by those of a GGUF file, dequantized; they become fp32.

    Raises:
        TuningError: the file lacks a weight, or has one of another size.
    """
    written = {tensor.name: tensor for tensor in gguf.GGUFReader(path).tensors}
    weights = dict(torch.nn.Module.named_parameters(model))
    for name, target in tensor_names(model).items():
        tensor, weight = written.get(target), weights[name]
        if tensor is None:
            raise TuningError(f"{path.name} lacks the weight '{target}'. Export the model again.")
        array: Array = gguf.quants.dequantize(tensor.data, tensor.tensor_type)
        if array.shape != tuple(weight.shape):
            raise TuningError(
                f"{path.name}: '{target}' is {array.shape}, and the model's weight {tuple(weight.shape)}. "
                "Was it exported from this model?"
            )
        heads = heads_rearranged(name, model.config)
        restored = array if heads is None else _in_halves(array, heads)
        weight.data = torch.tensor(restored, dtype=torch.float32, device=weight.device)


def _in_halves(projection: Array, heads: int) -> Array:
    """Within each head, bring rows that are neighbours back to i and i + half."""
    rows, columns = projection.shape
    pairs = projection.reshape(heads, rows // heads // 2, 2, columns)
    return np.ascontiguousarray(pairs.swapaxes(1, 2).reshape(rows, columns))
