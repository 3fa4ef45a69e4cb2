"""Several processes that train one model: `torchrun` starts them and tells each, in its environment, which it is.

Without `torchrun`, or with one process, everything here is without effect. With several, the sums over a batch (loss,
gradients) are sums over all processes, so that what is learned is the same, however many there are.
"""

from __future__ import annotations

import hashlib
import os
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

import torch
import torch.distributed as dist
from torch import nn
from torch.distributed.distributed_c10d import PrefixStore, Store
from torch.distributed.rendezvous import rendezvous

from pipelines.tuning.container import TuningError, reason_of
from pipelines.tuning.interruption import Interrupted
from pipelines.tuning.shares import passes

U = TypeVar("U")

# A process waits so long for the others: what only one has to do between two steps must not take longer.
PATIENCE = timedelta(minutes=30)
# Gradients are added up in pieces, or their copy would take as much memory as all of them.
WEIGHTS_AT_ONCE = 16_777_216
_REASON = "reason"
# What a process leaves there that was told to end while the others went on.
_TOLD = (
    "Another process of this training job was told to end: its machine is taken away, or the system has ended one "
    "beside it, most often for want of memory. Look into the job's log for its last lines; where memory is what lacks, "
    "lower tuning.max_length or choose a larger tuning.instance_type."
)
_LOST = (
    "Another process of this training job ended without saying why, as it does when the system ends it for want of "
    "memory. Look into the job's log for its last lines; if there are none, lower tuning.max_length or choose a larger "
    "tuning.instance_type."
)


@dataclass(frozen=True)
class Processes:
    """Which of `count` processes this is, and on its machine, of `local_count`.

    In `lockstep` a model's weights are spread over the processes: each pass through it takes all of them at once.
    """

    rank: int = 0
    count: int = 1
    local_rank: int = 0
    local_count: int = 1
    lockstep: bool = False

    @property
    def first(self) -> bool:
        """Whether this is the process that writes what only one shall write."""
        return self.rank == 0

    def passes(
        self, batch: Sequence[U], groups: Callable[[Sequence[U]], Iterable[list[U]]], tokens: Callable[[U], int]
    ) -> list[tuple[list[U], float]]:
        """Give this process's passes over its share of a batch, each with what its loss is multiplied by."""
        return passes(batch, self.rank, self.count, groups, tokens, self.lockstep)

    @property
    def gradient_factor(self) -> float:
        """By what a loss is multiplied before its gradients are taken: spread weights get the processes' mean."""
        return float(self.count) if self.lockstep else 1.0

    def total(self, value: float) -> float:
        """Add up a number over all processes; each gets the same sum."""
        if self.count == 1:
            return value
        numbers = torch.tensor([value], dtype=torch.float64)
        dist.all_reduce(numbers)
        return numbers.item()

    def of_first(self, value: float) -> float:
        """Give every process the first one's number."""
        return self.total(value if self.first else 0.0)

    def any(self, flag: bool) -> bool:
        """Whether a flag is up in any process; each gets the same answer, and must ask at the same point."""
        return self.total(float(flag)) > 0

    def sum_gradients(self, weights: Sequence[nn.Parameter]) -> None:
        """Add the weights' gradients up over all processes; one that had no example adds nothing."""
        if self.count == 1 or self.lockstep:
            return
        for some in _pieces(weights):
            gradients = [torch.zeros_like(weight) if weight.grad is None else weight.grad for weight in some]
            flat = torch.cat([gradient.flatten() for gradient in gradients])
            dist.all_reduce(flat)
            parts = torch.split(flat, [gradient.numel() for gradient in gradients])
            for weight, gradient, part in zip(some, gradients, parts, strict=True):
                weight.grad = gradient.copy_(part.view_as(gradient))

    @torch.no_grad()
    def share_weights(self, weights: Sequence[nn.Parameter]) -> None:
        """Give every process the first one's weights to begin with."""
        if self.count > 1 and not self.lockstep:
            for weight in weights:
                dist.broadcast(weight.detach(), src=0)

    def seed_step(self, seed: int, step: int) -> None:
        """Fix what is drawn by chance in a step, by a process of several: dropout's choice must not be that of another.

        One process alone goes on with the random state that it has.
        """
        if self.count > 1:
            digest = hashlib.sha256(f"{seed}/{step}/{self.rank}".encode()).digest()
            torch.manual_seed(int.from_bytes(digest[:7], "big"))


ALONE = Processes()


def _pieces(weights: Sequence[nn.Parameter]) -> Iterator[list[nn.Parameter]]:
    piece: list[nn.Parameter] = []
    size = 0
    for weight in weights:
        if piece and size + weight.numel() > WEIGHTS_AT_ONCE:
            yield piece
            piece, size = [], 0
        piece.append(weight)
        size += weight.numel()
    if piece:
        yield piece


@contextmanager
def joined() -> Iterator[Processes]:
    """Join the other processes of the job, and leave them in the end.

    Raises:
        TuningError: another process failed first, and the message is that one's, or was told to end.
    """
    if _alone():
        yield ALONE
        return
    count = int(os.environ["WORLD_SIZE"])
    # Of a container's interfaces this one reaches the other machines.
    if "SM_NETWORK_INTERFACE_NAME" in os.environ:
        os.environ.setdefault("GLOO_SOCKET_IFNAME", os.environ["SM_NETWORK_INTERFACE_NAME"])
    store, rank, _ = next(rendezvous("env://", timeout=PATIENCE))
    place = {name: int(os.environ[f"LOCAL_{name}"]) for name in ("RANK", "WORLD_SIZE")}
    backend = "cpu:gloo,cuda:nccl" if torch.cuda.is_available() else "gloo"
    dist.init_process_group(
        backend, store=PrefixStore("training", store), rank=rank, world_size=count, timeout=PATIENCE
    )
    try:
        yield Processes(rank, count, place["RANK"], place["WORLD_SIZE"])
    except Interrupted:
        _first_reason(store, _TOLD)
        raise
    except Exception as error:
        if place["WORLD_SIZE"] < count and (host := os.environ.get("SM_CURRENT_HOST")):
            # Whoever looks for the log needs to know whose. First, because a long reason is cut at its end.
            error.add_note(f"On {host}:")
        own = reason_of(error)
        first = _first_reason(store, own if not _of_connection(error) else "")
        if first != own:
            raise TuningError(first or _LOST) from error
        raise
    finally:
        leave()


@contextmanager
def ended_at_once() -> Iterator[None]:
    """End the process after what is within, with its status, where it is one of several.

    The interpreter is not taken apart: a thread of Gloo's may still hold a tensor then, whose end aborts the process
    (https://github.com/pytorch/pytorch/pull/179291), and all others with it, though nothing was left to do.
    """
    status = 0
    try:
        yield
    except SystemExit as ending:
        status = ending.code if isinstance(ending.code, int) else int(ending.code is not None)
        if _alone():
            raise
    except BaseException:
        status = 1
        if _alone():
            raise
        traceback.print_exc()
    if _alone():
        return
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(status)


def _alone() -> bool:
    return int(os.environ.get("WORLD_SIZE", "1")) == 1


def leave() -> None:
    """Say good-bye to the other processes: what follows, this one does alone."""
    if dist.is_initialized():
        dist.destroy_process_group()


def _first_reason(store: Store, own: str) -> str:
    """Put this process's reason where the others find it, unless one is there; give what stands there then.

    A process tells its reason before its connections end, so whoever sees one end finds the reason.
    """
    try:
        return store.compare_set(_REASON, "", own).decode() if own else _read(store)
    except dist.DistError:
        return own  # the machine that keeps the store is gone


def _read(store: Store) -> str:
    return store.get(_REASON).decode() if store.check([_REASON]) else ""


def _of_connection(error: Exception) -> bool:
    return isinstance(error, dist.DistError) or "/gloo/" in str(error)
