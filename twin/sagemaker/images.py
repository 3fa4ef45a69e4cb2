"""Container images by what runs in their place: there is no Docker here, and no image is pulled.

The repository decides. An image that nothing here stands in for is refused by name.
"""

from __future__ import annotations

from typing import Literal

from twin.sagemaker import errors

Purpose = Literal["training", "processing", "serving"]

# AWS Deep Learning Containers, by repository: what this machine's own Python or llama.cpp stands in for.
_STAND_INS: dict[str, frozenset[Purpose]] = {
    "huggingface-pytorch-training": frozenset({"training", "processing"}),
    "llama-cpp": frozenset({"serving"}),
}


def require_image(image: str, purpose: Purpose) -> None:
    """Raise ValidationException unless something here stands in for `image` for that purpose."""
    repository = image.rpartition("@")[0] or image
    repository = repository.rpartition("/")[2].partition(":")[0]
    if purpose in _STAND_INS.get(repository, ()):
        return
    known = ", ".join(name for name, purposes in _STAND_INS.items() if purpose in purposes)
    raise errors.validation(
        f"Requested image {image} not found: nothing here stands in for the repository {repository} "
        f"in {purpose} (known: {known})."
    )
