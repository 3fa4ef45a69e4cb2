"""The flags of llama-server that the twin's server has, and what they set.

They are llama-server's own names, so that the environment of AWS's llama.cpp container translates to them. A
flag that is not here ends the server at once, with its name in the log.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

# llama-server gives every slot the whole context, and as many slots as this, unless it is told otherwise.
DEFAULT_SLOTS = 4
# A batch is filled with the prompts that wait slot by slot: what lies in the last one keeps no other from going on.
SLOTS = 2
# More spinning threads than free cores make llama.cpp slower by an order of magnitude.
DEFAULT_THREADS = 1
# Between two batches a server answers whoever else asks, and looks whether it is to go on. llama-server's own 2,048
# tokens take many seconds on a laptop; of so few the prompt is read as fast.
DEFAULT_BATCH = 256


def served_model(model: Path, context_tokens: int, slots: int = SLOTS) -> list[str]:
    """Flags that serve `model` (GGUF) to `slots` requests at a time, with `context_tokens` for each."""
    return ["--model", str(model), "--ctx-size", str(context_tokens * slots), "--parallel", str(slots)]


def parser() -> argparse.ArgumentParser:
    """The command line of `python -m twin.model_server`."""
    found = argparse.ArgumentParser("llama-server", allow_abbrev=False, description="Serve a GGUF model on loopback.")
    found.add_argument("--model", required=True, help="GGUF file")
    found.add_argument("--alias", help="name that answers give as the model")
    found.add_argument("--ctx-size", type=int, default=0, help="context in tokens, of all slots; 0: the model's own")
    found.add_argument("--parallel", type=int, help="requests at a time; the slots then divide the context")
    found.add_argument("--threads", type=int, default=DEFAULT_THREADS, help="CPU threads")
    found.add_argument("--threads-batch", type=int, help="CPU threads for prompts; as --threads unless given")
    found.add_argument("--batch-size", type=int, help=f"logical batch size in tokens; {DEFAULT_BATCH} for texts")
    found.add_argument("--ubatch-size", type=int, help="physical batch size in tokens")
    found.add_argument("--n-predict", type=int, help="most tokens that a request may generate")
    found.add_argument("--chat-template", help="Jinja template to use for the model's own")
    found.add_argument("--jinja", action="store_true", help="accepted: templates are always Jinja's")
    found.add_argument("--n-gpu-layers", type=int, help="accepted: without effect on a CPU")
    found.add_argument("--embeddings", action="store_true", help="serve embeddings, and nothing else")
    return found


def command_line(arguments: argparse.Namespace) -> list[str]:
    """The flags for a llama-server of the user's own: as they were given, and as the twin's server takes them."""
    settled = {
        "host": "127.0.0.1",
        "port": 0,  # the kernel's choice: two servers never race for one
        "alias": arguments.alias or Path(arguments.model).stem,
        "parallel": arguments.parallel or DEFAULT_SLOTS,
        "batch_size": _batch_size(arguments),
    }
    given = {**vars(arguments), **settled}
    flags = ["--no-warmup", *(["--kv-unified"] if arguments.parallel is None else [])]
    for name, value in given.items():
        flag = f"--{name.replace('_', '-')}"
        if value is True:
            flags.append(flag)
        elif value is not None and value is not False:
            flags += [flag, str(value)]
    return flags


def parameters(arguments: argparse.Namespace) -> Any:
    """What the flags set, as xllamacpp's CommonParams."""
    from xllamacpp import CommonParams

    found = CommonParams()
    found.hostnames = ["127.0.0.1"]
    found.port = 0  # the kernel's choice: two servers never race for one
    found.model.path = arguments.model
    found.model_alias = {arguments.alias or Path(arguments.model).stem}
    found.n_ctx = arguments.ctx_size
    found.n_parallel = arguments.parallel or DEFAULT_SLOTS
    found.kv_unified = arguments.parallel is None
    found.cpuparams.n_threads = arguments.threads
    found.cpuparams_batch.n_threads = arguments.threads_batch or arguments.threads
    found.n_threads_http = found.n_parallel + 2  # requests that wait for a slot must not starve /health
    found.warmup = False
    found.ui = False
    found.cache_prompt = True
    found.embedding = arguments.embeddings
    given = {
        "n_batch": _batch_size(arguments),
        "n_ubatch": arguments.ubatch_size,
        "n_predict": arguments.n_predict,
        "chat_template": arguments.chat_template,
    }
    for name, value in given.items():
        if value is not None:
            setattr(found, name, value)
    return found


def _batch_size(arguments: argparse.Namespace) -> int | None:
    """The batch size that was given, or this server's own; a text to embed must fit into one, so there it stays."""
    if arguments.batch_size is not None or arguments.embeddings:
        given: int | None = arguments.batch_size
        return given
    return DEFAULT_BATCH
