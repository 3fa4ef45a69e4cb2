"""Render the SageMaker pipeline to `pipeline.json`, which the stack embeds: no account, no network, no clock.

    python -m pipelines.definition.build            # rewrite the file
    python -m pipelines.definition.build --check    # fail if it is not what these modules say

Importing the SDK takes seconds and drags in a gigabyte of packages, so this runs when the definition changes,
never at synthesis.
"""

from __future__ import annotations

import argparse
import difflib
import json
import logging
import sys
import warnings
from pathlib import Path
from typing import Any

from pipelines.definition import offline  # isort: skip  # must precede every use of the SDK
from sagemaker.core.workflow.properties import PropertyFile
from sagemaker.mlops.workflow import Pipeline

from pipelines.definition import parameters, steps
from pipelines.definition.placeholders import PLACEHOLDERS

DEFINITION_FILE = Path(__file__).with_name("pipeline.json")


def render() -> str:
    """Give the pipeline's definition as JSON text, the same for the same modules and SDK version."""
    session = offline.offline_session()
    report = PropertyFile(name="Gate", output_name="evaluation", path="gate.json")
    training = steps.fine_tune(session)
    evaluation = steps.evaluate(session, training, report)
    gate = steps.quality_gate(evaluation, report, steps.register(session, training, evaluation))
    pipeline = Pipeline(
        name="fine-tune",
        parameters=list(parameters.PARAMETERS),
        steps=[training, evaluation, gate],
        # Experiments would need permissions that nothing here uses.
        pipeline_experiment_config=None,
        sagemaker_session=session,
    )
    definition = json.loads(offline.restore(pipeline.definition(), PLACEHOLDERS))
    for step in definition["Steps"]:
        keep_own_environment(step)
    present = {key: value for key, value in definition.items() if value is not None}
    return json.dumps(present, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def keep_own_environment(step: dict[str, Any]) -> None:
    """Take out what the SDK adds to a registered container: its own region, and settings of other images."""
    arguments = step["Arguments"]
    for branch in ("IfSteps", "ElseSteps"):
        for inner in arguments.get(branch, []):
            keep_own_environment(inner)
    for container in arguments.get("InferenceSpecification", {}).get("Containers", []):
        container["Environment"] = dict(steps.SERVING_ENVIRONMENT)


def differences(rendered: str) -> str:
    """Compare with the file: a unified diff, empty where they agree."""
    committed = DEFINITION_FILE.read_text() if DEFINITION_FILE.exists() else ""
    lines = difflib.unified_diff(
        committed.splitlines(), rendered.splitlines(), "pipeline.json", "rendered", lineterm=""
    )
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description="Render the SageMaker pipeline's definition.")
    parser.add_argument("--check", action="store_true", help="only compare; exit 1 if the file is stale")
    arguments = parser.parse_args()
    logging.disable(logging.WARNING)
    warnings.simplefilter("ignore")
    rendered = render()
    if not arguments.check:
        DEFINITION_FILE.write_text(rendered)
        return 0
    difference = differences(rendered)
    if difference:
        print(difference)
        print("pipeline.json is stale: run `python -m pipelines.definition.build`.", file=sys.stderr)
    return 1 if difference else 0


if __name__ == "__main__":
    sys.exit(main())
