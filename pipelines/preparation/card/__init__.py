"""The data card: one page that tells a person what a prepared data set holds, and what was done to it."""

from pipelines.preparation.card.page import render_card

__all__ = ["render_card"]
