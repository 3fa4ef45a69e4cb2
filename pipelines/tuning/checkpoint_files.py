"""Which files a Hugging Face checkpoint has to have. Told without PyTorch, which takes seconds to load."""

from __future__ import annotations

from pathlib import Path

NEEDED = ("config.json", "tokenizer.json", "*.safetensors")


def lacking(folder: Path) -> str | None:
    """Say which files a checkpoint's folder lacks, and what it holds instead; None where it lacks none."""
    present = sorted(path.name for path in folder.glob("*")) if folder.is_dir() else []
    missing = [pattern for pattern in NEEDED if not any(folder.glob(pattern))]
    if not missing:
        return None
    return f"lacks {', '.join(missing)}; its folder holds: {', '.join(present) or 'nothing'}"
