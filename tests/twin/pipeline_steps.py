"""Steps of pipelines on SageMaker."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]

TRAIN = "import os, pathlib, sys\npathlib.Path(os.environ['SM_MODEL_DIR'], 'm').write_text(' '.join(sys.argv[1:]))\n"


def as_step(request: Json, kind: str) -> Json:
    return {name: value for name, value in request.items() if name != f"{kind}JobName"}
