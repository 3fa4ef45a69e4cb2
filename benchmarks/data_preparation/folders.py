"""Where the benchmark keeps what it fetches, makes and finds; nothing of it belongs to the repository."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BENCH = ROOT / ".fourfold" / "bench"
RESULTS = BENCH / "data_preparation"
