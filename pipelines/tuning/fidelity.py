"""How far a quantized model is from the one that it was made of, and what is too far.

The distance is that of their losses by answer token on the same held-out examples, in nats: that of two perplexities'
logarithms. A share of the loss would say nothing where the loss is near zero.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

NEAREST = "q8_0"


def figure(nats: float) -> float | None:
    """Give a loss or a distance as a report has it: JSON has null for what is no number."""
    return nats if math.isfinite(nats) else None


def told(nats: float | None) -> str:
    """Give a loss, or what a report has of it, as a message has it."""
    return "no number" if nats is None or not math.isfinite(nats) else f"{nats:.4f}"


@dataclass(frozen=True)
class Fidelity:
    """One quantization: its file's size, the loss of the model and that of the file's weights, and the tolerance."""

    quantization: str
    bytes: int
    model_loss: float
    quantized_loss: float
    tolerance: float

    @property
    def distance(self) -> float:
        """How far apart the losses are, in nats."""
        return abs(self.quantized_loss - self.model_loss)

    @property
    def too_far(self) -> str | None:
        """Say that this must not be served, or None."""
        # A loss that is no number is no near one.
        if math.isfinite(self.distance) and self.distance <= self.tolerance:
            return None
        return (
            f"The model exported as {self.quantization} is too far from the one that was trained: its held-out loss by "
            f"answer token is {told(self.quantized_loss)}, the trained model's {told(self.model_loss)}, and they may "
            f"be {self.tolerance:g} apart."
        )

    @property
    def problem(self) -> str | None:
        """Say why a training job must not leave this, and what to do; or None."""
        remedy = "Raise tuning.quantization_tolerance."
        if self.quantization != NEAREST:
            remedy = f"Set tuning.quantization to {NEAREST}, or raise tuning.quantization_tolerance."
        return f"{self.too_far} {remedy}" if self.too_far else None

    def figures(self) -> dict[str, str | int | float | None]:
        """Give what the report has of it."""
        return {
            "quantization": self.quantization,
            "bytes": self.bytes,
            "model_loss": figure(self.model_loss),
            "quantized_loss": figure(self.quantized_loss),
            "distance": figure(self.distance),
            "tolerance": self.tolerance,
        }
