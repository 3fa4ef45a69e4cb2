"""Search over documents, measured: what is found, and what it costs."""
