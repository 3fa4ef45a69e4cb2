"""What the benchmark of personal data measures on: generated sentences with known values, and technical prose."""
