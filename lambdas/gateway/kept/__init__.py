"""What is kept for a caller, and shown to nobody else: conversations and feedback."""

from lambdas.gateway.kept.feedback import FeedbackStore
from lambdas.gateway.kept.history import History

__all__ = ["FeedbackStore", "History"]
