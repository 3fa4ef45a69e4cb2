"""cfn-lint over every template: resource schemas, references, property values. No error and no warning."""

from __future__ import annotations

import json
from collections.abc import Iterator

from cdk_app.checks.assembly import Assembly
from cdk_app.checks.finding import Check, Finding

NAME = "cfn-lint"
REGION = "us-east-1"


def find_template_errors(assembly: Assembly) -> Iterator[Finding]:
    """A finding for each of cfn-lint's errors and warnings (its schemas are bundled: no network)."""
    from cfnlint.api import lint  # type: ignore[import-untyped]
    from cfnlint.config import ManualArgs  # type: ignore[import-untyped]

    for stack, template in assembly.templates.items():
        for match in lint(json.dumps(template), config=ManualArgs(regions=[REGION])):
            path = "/".join(str(part) for part in match.path or [])
            yield Finding(
                NAME,
                f"{stack}.template.json {path}",
                f"{match.rule.id} {match.message}",
                f"{match.rule.shortdesc}: {match.rule.source_url or 'see cfn-lint --list-rules'}",
            )


CFN_LINT = Check(NAME, find_template_errors)
