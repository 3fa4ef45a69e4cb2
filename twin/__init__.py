"""Runs the synthesized cloud assembly on this machine, unmodified, with IAM enforced."""
