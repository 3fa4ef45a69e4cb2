"""The CDK application before anything stands in it: its context, its output folder and the chosen settings.

`cdk synth` and a plain `python app.py` give the same templates: the context of `cdk.json` is read here, where
the CDK CLI does not hand it over.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

import aws_cdk as cdk

from cdk_app.constructs.names import workflow_tags
from cdk_app.settings import Settings, SettingsError, load_settings
from cdk_app.settings.placement import unanswered
from cdk_app.settings.problems import refuse

ROOT = Path(__file__).resolve().parent.parent
DEFAULT_ENVIRONMENT = "dev"
DEFAULT_WORKFLOW = "workflow.yaml"
REGION = "CDK_DEFAULT_REGION"
"""Where the CDK CLI says which region it deploys to; a plain `python app.py` does not know it."""
_TAGGED_ONCE = ("AWS::OpenSearchServerless::Collection",)
"""Of what other tags make anew: a tag that was added later would ask CloudFormation to make a second collection of the
same name before it deletes the first, which the service refuses."""

FLAGS: dict[str, str | bool] = {
    # CloudFormation then refuses to remove what another stack still uses.
    "@aws-cdk/core:defaultCrossStackReferences": "strong",
    # Each grant stays the statement that the code wrote, so that a denied call leads back to one line.
    "@aws-cdk/aws-iam:minimizePolicies": False,
    # Nothing reads these data, and gathering them takes a third of the synthesis.
    "@aws-cdk/core:enableAdditionalMetadataCollection": False,
}
"""Where this application differs from the recommended feature flags, all of which `cdk.json` sets."""


def open_application(arguments: Sequence[str] = (), outdir: Path | None = None) -> tuple[cdk.App, Settings]:
    """The application and the settings of its environment.

    The environment is the first of `arguments`, else the context value `env`, else `dev`. The settings file is
    the context value `workflow`, else `workflow.yaml` beside `cdk.json`. Templates go to `outdir`, else where
    the CDK CLI wants them, else to an emptied `cdk.out`.

    Exits with every problem of the settings file when it cannot be used, and with every candidate that does not answer
    in the region that the CDK CLI deploys to.
    """
    app = cdk.App(
        outdir=str(outdir or _output_folder()),
        context=json.loads((ROOT / "cdk.json").read_text("utf-8"))["context"],
        post_cli_context=FLAGS,
        analytics_reporting=False,
        stack_traces=False,
        # More than half of a synthesis, for what cfn-lint checks in `make lint` and in the tests.
        builtin_cloud_formation_validation=False,
    )
    environment = arguments[0] if arguments else _context(app, "env", DEFAULT_ENVIRONMENT)
    workflow = ROOT / _context(app, "workflow", DEFAULT_WORKFLOW)
    try:
        settings = load_settings(workflow, environment)
        if region := os.environ.get(REGION):
            refuse(unanswered(settings, workflow, region))
    except SettingsError as error:
        sys.exit(str(error))
    for name, value in workflow_tags(settings).items():
        cdk.Tags.of(app).add(name, value, exclude_resource_types=list(_TAGGED_ONCE))
    return app, settings


def _context(app: cdk.App, key: str, default: str) -> str:
    return str(app.node.try_get_context(key) or default)


def _output_folder() -> Path:
    if chosen := os.environ.get("CDK_OUTDIR"):
        return Path(chosen)
    folder = ROOT / "cdk.out"
    # The checks read whatever templates lie there, so those of another environment must not.
    if (folder / "manifest.json").exists():
        shutil.rmtree(folder)
    return folder
