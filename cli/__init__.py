"""The `fourfold` command."""

import sys
from pathlib import Path

# `pipelines` is not installed: a job on this machine must find it where Glue has it, in its zip alone.
sys.path.append(str(Path(__file__).resolve().parent.parent))
