"""Staged folders and archives that become CDK assets, the same bytes from the same sources every time."""

from __future__ import annotations

from pathlib import Path

from aws_cdk import aws_s3_assets as s3_assets
from constructs import Construct


def lambda_folder(name: str) -> Path:
    """A folder that holds `lambdas/<name>` and `lambdas/shared` under `lambdas/`, ready for `Code.from_asset`."""
    raise NotImplementedError


def glue_modules(scope: Construct, construct_id: str) -> s3_assets.Asset:
    """A zip whose root holds `pipelines/preparation`, for `--extra-py-files`."""
    raise NotImplementedError


def training_code(scope: Construct, construct_id: str) -> s3_assets.Asset:
    """A tar.gz with `train.py` and `requirements.txt` at its root and `pipelines/tuning` beside them."""
    raise NotImplementedError


def evaluation_code(scope: Construct, construct_id: str) -> s3_assets.Asset:
    """A zip that Python runs: `__main__.py` at its root and `pipelines/tuning` beside it."""
    raise NotImplementedError
