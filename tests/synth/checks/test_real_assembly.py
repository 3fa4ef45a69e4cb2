"""Every check on what the application really synthesizes."""

from __future__ import annotations

from pathlib import Path

import aws_cdk as cdk
import pytest
from aws_cdk import aws_iam as iam

from cdk_app.checks import ALL_CHECKS, Assembly, Check
from cdk_app.checks.__main__ import main
from cdk_app.checks.at_synth import FourfoldChecks
from tests.synth.synthesized import twin_assembly


@pytest.mark.parametrize("check", ALL_CHECKS, ids=lambda check: check.name)
def test_the_application_has_no_finding(assembly: Assembly, check: Check) -> None:
    assert [str(finding) for finding in check.find(assembly)] == []


@pytest.mark.parametrize("check", ALL_CHECKS, ids=lambda check: check.name)
def test_nor_has_it_one_in_the_twins_environment(check: Check) -> None:
    assert [str(finding) for finding in check.find(twin_assembly())] == []


def planted(outdir: Path) -> cdk.App:
    """An application whose one role may do one thing to everything."""
    app = cdk.App(outdir=str(outdir), analytics_reporting=False)
    role = iam.Role(cdk.Stack(app, "Stack"), "Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
    role.add_to_policy(iam.PolicyStatement(actions=["s3:GetObject"], resources=["*"]))
    return app


def test_synthesis_fails_on_a_planted_wildcard_and_says_where(tmp_path: Path) -> None:
    app = planted(tmp_path)
    cdk.Validations.of(app).add_plugins(FourfoldChecks())
    with pytest.raises(RuntimeError, match="s3:GetObject may touch every resource"):
        app.synth()


def test_the_command_reports_a_planted_wildcard_and_fails(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    planted(tmp_path).synth()
    assert main([str(tmp_path)]) == 1
    assert "iam-resource-wildcards: Stack.template.json" in capsys.readouterr().out


def test_the_command_does_not_pass_what_it_could_not_read(tmp_path: Path) -> None:
    assert main([str(tmp_path / "nothing")]) == 2
