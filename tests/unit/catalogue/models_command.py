"""The command `fourfold models`, as it is called."""

from __future__ import annotations

from typer.testing import CliRunner

from cli.main import app


def invoke(*arguments: object) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, ["models", *map(str, arguments)], catch_exceptions=False)
    return result.exit_code, result.stdout, result.stderr
