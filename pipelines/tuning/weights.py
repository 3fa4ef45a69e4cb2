"""Weights as files and as numbers of a format: read them whole or not at all, and cast them alone.

`Module.to(dtype)` casts buffers too. A rotary embedding's frequencies are one: in bf16 they put every token at a
place that is not its own.
"""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import nn

from pipelines.tuning.container import TuningError


@torch.no_grad()
def cast(model: nn.Module, dtype: torch.dtype) -> None:
    """Give a model's parameters another number format, and leave its buffers; what is tied stays tied."""
    for parameter in nn.Module.parameters(model):
        parameter.data = parameter.data.to(dtype)


def read(path: Path) -> dict[str, torch.Tensor]:
    """Read a safetensors file.

    Raises:
        TuningError: it is not there, or not whole; the message names it.
    """
    try:
        return load_file(path)
    except FileNotFoundError as error:
        raise TuningError(f"What was learned lacks {path.name}. Was it made by train.py?") from error
    except SafetensorError as error:
        raise TuningError(f"{path.name} is not a whole safetensors file: {error}. Train again.") from error
