"""What a checkpoint was made with: going on from it under anything else would train something that nobody asked for."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pipelines.tuning.settings import DPO, TrainingSettings

# What changes no weight may differ between a job and the one that goes on from its checkpoint.
_WITHOUT_EFFECT = {"checkpoints", "max_lost_minutes", "metric", "sharding", "quantization", "quantization_tolerance"}
_WITHOUT_EFFECT |= {"base_model_id"}
# Nor does what only another method or objective reads.
_READ_BY_METHOD = {"lora_rank": "lora", "lora_alpha": "lora", "lora_dropout": "lora", "trained_layers": "frozen"}
_READ_BY_DPO = {"beta", "label_smoothing"}
_SETTINGS = "settings"


def origin(settings: TrainingSettings, base_model: Path, dtype: object, **examples: Sequence[object]) -> dict[str, Any]:
    """Give what decides about the weights: settings, number format, digests of the base model and of each split."""
    kept = {name: value for name, value in asdict(settings).items() if _has_effect(name, settings)}
    digests = {f"{name} examples": digest_of(map(repr, split)) for name, split in examples.items()}
    return {_SETTINGS: kept, "number format": str(dtype), "base model": digest_of_model(base_model), **digests}


def _has_effect(name: str, settings: TrainingSettings) -> bool:
    if name in _READ_BY_DPO:
        return settings.objective == DPO
    return name not in _WITHOUT_EFFECT and _READ_BY_METHOD.get(name, settings.method) == settings.method


def differences(saved: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """Name what differs, settings with both values."""
    before, after = saved.get(_SETTINGS, {}), now[_SETTINGS]
    named = [
        f"{name} {before.get(name)} (now {after.get(name)})"
        for name in sorted(before.keys() | after.keys())
        if before.get(name) != after.get(name)
    ]
    others = sorted((saved.keys() | now.keys()) - {_SETTINGS})
    return named + [f"another {name}" for name in others if saved.get(name) != now.get(name)]


def digest_of(texts: Iterable[str]) -> str:
    """Give one digest of texts in their order."""
    digest = hashlib.sha256()
    for text in texts:
        encoded = text.encode("utf-8", "surrogatepass")
        digest.update(len(encoded).to_bytes(8, "big"))
        digest.update(encoded)
    return digest.hexdigest()


def digest_of_model(folder: Path) -> str:
    """Give one digest of a model's configuration and weights, read whole: another of the same size is another."""
    files = sorted([folder / "config.json", *folder.glob("*.safetensors")])
    digests = []
    for path in files:
        with path.open("rb") as file:
            digests.append(f"{path.name} {hashlib.file_digest(file, 'sha256').hexdigest()}")
    return digest_of(digests)
