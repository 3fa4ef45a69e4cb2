"""What several functions use. Nothing here knows a function."""
