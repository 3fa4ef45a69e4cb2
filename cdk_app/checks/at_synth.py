"""Checks inside ``app.synth()``: cdk-nag's AwsSolutions pack and our cheap rules, as validation plugins.

CDK runs plugins on the finished templates, prints what they find and fails the synthesis, so no template that
breaks a rule is ever handed to a deployment.
"""

from __future__ import annotations

from pathlib import Path

import aws_cdk as cdk
import jsii

from cdk_app.checks.assembly import Assembly
from cdk_app.checks.finding import Finding
from cdk_app.checks.registry import SYNTH_CHECKS, run_checks
from cdk_app.nag import add_checks as add_nag_checks


def add_checks(app: cdk.App) -> None:
    """Make ``app.synth()`` fail on any finding of cdk-nag AwsSolutions or of :data:`SYNTH_CHECKS`."""
    add_nag_checks(app)
    cdk.Validations.of(app).add_plugins(FourfoldChecks())


@jsii.implements(cdk.IPolicyValidationPlugin)
class FourfoldChecks:
    """Our rules in the form CDK runs them."""

    @property
    def name(self) -> str:
        return "Fourfold"

    @property
    def version(self) -> None:
        return None

    @property
    def rule_ids(self) -> list[str]:
        return [check.name for check in SYNTH_CHECKS]

    def validate(self, context: cdk.IPolicyValidationContext) -> cdk.PolicyValidationPluginReport:
        """Check the assembly that the templates lie in."""
        assembly = Assembly.read(Path(context.template_paths[0]).parent)
        findings = run_checks(assembly, SYNTH_CHECKS)
        return cdk.PolicyValidationPluginReport(
            success=not findings, violations=[_violation(finding) for finding in findings]
        )


def _violation(finding: Finding) -> cdk.PolicyViolation:
    template, _, resource = finding.place.partition(" ")
    where = cdk.PolicyViolatingResource(
        resource_logical_id=resource.partition(" ")[0], template_path=template, locations=[finding.place]
    )
    return cdk.PolicyViolation(
        rule_name=finding.check,
        description=f"{finding.place}: {finding.problem}",
        fix=finding.remedy,
        violating_resources=[where],
    )
