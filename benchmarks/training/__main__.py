"""This project's training loop beside TRL's SFTTrainer: `make bench-training`, ARGS="--steps 12" for longer.

Both get the same base model, token sequences, order, adapter, batch, learning rate and threads, and compute by the
same PyTorch. Both run twice: without recomputation of activations, as this project trains unless memory is short, and
with it, which is TRL's default; like is compared with like. Tokens are those of the examples; padding, where somebody
needs it, is not work done. Loss is measured by one program for all. On an accelerator, `--device cuda`, seconds are
those of the clock, both compute in bf16 where it does, and its memory is what PyTorch allocated there.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

from benchmarks.data_preparation.folders import ROOT
from benchmarks.data_preparation.measure import run
from benchmarks.environments import python_with
from benchmarks.training.task import FOLDER, LEARNING_RATES, Task, hardware_of, prepare
from pipelines.tuning import checkpoint, losses, methods

HERE = Path(__file__).parent
TRAINERS = {"fourfold": False, "fourfold, recomputing": True, "trl": False, "trl, recomputing": True}
# In its first steps an accelerator loads its kernels.
SKIPPED = {"cpu": 0, "cuda": 5}


@dataclass(frozen=True)
class Row:
    """What one trainer took and brought. Tokens are by second of training alone, and of the whole process.

    Seconds are those of the processor, or on an accelerator those of the clock; memory is what the seconds are of.
    """

    method: str
    trainer: str
    tokens_per_s: float
    whole_tokens_per_s: float
    peak_mib: int
    held_out_loss: float
    load: float


def ours(trainer: str) -> bool:
    """Whether a trainer is this project's."""
    return trainer.startswith("fourfold")


def trl_python() -> Path:
    """Return the Python of TRL's environment, made where it is not there yet; it sees this one's packages too."""
    return python_with("trl", HERE / "trl.txt", borrow=True)


def measure(task: Task, method: str, trainer: str, options: argparse.Namespace) -> Row:
    """Run one trainer and measure what it took and brought."""
    folder = FOLDER / f"{method}-{trainer.replace(', ', '-')}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    description = {
        "base": str(task.base),
        "training": str(task.training),
        "order": str(task.order),
        "start": str(task.start),
        "output": str(folder),
        "method": method,
        "batch": options.batch,
        "max_length": options.max_length,
        "threads": options.threads,
        "learning_rate": LEARNING_RATES[method],
        "checkpointing": TRAINERS[trainer],
        "device": options.device,
        "bf16": hardware_of(options.device).dtype is torch.bfloat16,
        "skip": SKIPPED[options.device],
    }
    (folder / "task.json").write_text(json.dumps(description))
    python, script = (sys.executable, "fourfold") if ours(trainer) else (str(trl_python()), "trl_sft")
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "PYTHONPATH": str(ROOT),
        "HF_HUB_OFFLINE": "1",
        "OMP_WAIT_POLICY": "PASSIVE",
        "OMP_NUM_THREADS": str(options.threads),
    }
    program = [python, "-m", f"benchmarks.training.scripts.{script}", str(folder / "task.json")]
    usage = run(program, environment, folder)
    [*_, last] = (folder / "log").read_text("utf-8").splitlines()
    took = json.loads(last)
    whole_s = usage.cpu_s if options.device == "cpu" else usage.wall_s
    return Row(
        method=method,
        trainer=trainer,
        tokens_per_s=round(sum(task.tokens_of_steps[SKIPPED[options.device] :]) / took["seconds"], 1),
        whole_tokens_per_s=round(task.tokens / whole_s, 1),
        peak_mib=took.get("device_peak_mib", usage.tree_rss // 2**20),
        held_out_loss=round(held_out_loss(task, folder, options.device), 5),
        load=round(os.getloadavg()[0], 1),
    )


def held_out_loss(task: Task, folder: Path | None, device: str) -> float:
    """Measure what came out on examples that training did not see; without a folder, the base model."""
    hardware = hardware_of(device)
    model = checkpoint.load_model(task.base, hardware, torch.float32)
    if folder:
        [learned] = [folder / name for name in methods.WEIGHTS if (folder / name).is_dir()]
        methods.apply(model, learned)
    return losses.mean_loss(model, task.held_out, hardware, lambda _done, _total: None)


def show(rows: list[Row], device: str) -> None:
    """Print one table; ratios are of this project to the trainer of the line, both recomputing or neither."""
    speed = "tokens/CPU-s" if device == "cpu" else "tokens/s"
    print(
        f"{'method':<7} {'trainer':<21} {speed:>12} {'whole run':>10} {'peak MiB':>9} {'loss':>8} {'load':>5}"
        f"  {'faster':>6} {'memory':>6} {'loss':>8}"
    )
    own_rows = {(row.method, TRAINERS[row.trainer]): row for row in rows if ours(row.trainer)}
    for row in rows:
        own = own_rows.get((row.method, TRAINERS[row.trainer]), row)
        ratios = ""
        if row is not own:
            faster = own.tokens_per_s / row.tokens_per_s
            apart = own.held_out_loss / row.held_out_loss - 1
            ratios = f"  {faster:>5.2f}x {own.peak_mib / row.peak_mib:>5.2f}x {apart:>+8.2%}"
        print(
            f"{row.method:<7} {row.trainer:<21} {row.tokens_per_s:>12} {row.whole_tokens_per_s:>10} "
            f"{row.peak_mib:>9} {row.held_out_loss:>8.4f} {row.load:>5}{ratios}"
        )


def main() -> None:
    """Measure all, print the table and write it as JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=8)
    parser.add_argument("--batch", type=int, default=8, help="examples to a step")
    parser.add_argument("--max-length", type=int, default=256, help="tokens of an example")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--methods", nargs="+", choices=LEARNING_RATES, default=list(LEARNING_RATES))
    parser.add_argument("--trainers", nargs="+", choices=TRAINERS, default=list(TRAINERS))
    parser.add_argument("--device", choices=SKIPPED, default="cpu")
    parser.add_argument("--base", type=Path, help="a Hugging Face checkpoint's folder instead of the demo's base model")
    options = parser.parse_args()
    if options.steps <= SKIPPED[options.device]:
        parser.error(
            f"on {options.device} take more than {SKIPPED[options.device]} --steps: the first are not measured"
        )
    task = prepare(options.steps, options.batch, options.max_length, options.base and options.base.resolve())
    torch.set_num_threads(options.threads)
    before = held_out_loss(task, None, options.device)
    print(
        f"{task.tokens} tokens in {options.steps} steps of {options.batch} examples ({task.padded} with padding to the"
    )
    print(f"longest of a batch); held-out loss before: {before:.4f}", flush=True)
    rows = [measure(task, method, trainer, options) for method in options.methods for trainer in options.trainers]
    show(rows, options.device)
    results: dict[str, Any] = {
        "options": {**vars(options), "base": str(task.base)},
        "tokens": task.tokens,
        "padded_tokens": task.padded,
    }
    results |= {"loss_before": before, "rows": [asdict(row) for row in rows]}
    (FOLDER / "results.json").write_text(json.dumps(results, indent=2) + "\n")


if __name__ == "__main__":
    main()
