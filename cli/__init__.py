"""The `fourfold` command."""
