"""train.py as its container starts it, in fp32 on every machine: bf16 rounds, by which examples share a pack."""

from __future__ import annotations

import runpy

from pipelines.tuning import hardware

vars(hardware)["_cpu_multiplies_bf16"] = lambda: False

if __name__ == "__main__":
    runpy.run_module("pipelines.tuning.train", run_name="__main__")
