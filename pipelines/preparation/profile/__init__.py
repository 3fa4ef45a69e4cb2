"""What a prepared data set is like: lengths, labels, sources, examples, clusters, and whom it names."""

from pipelines.preparation.profile.profile import Profile

__all__ = ["Profile"]
