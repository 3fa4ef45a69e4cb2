"""What `benchmarks/personal_data.py` measures on: generated sentences with known values, and technical prose."""
