"""``python -m cdk_app.checks [cdk.out]``: every check on a synthesized assembly; exit 1 on any finding."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from cdk_app.checks.assembly import Assembly, NotAnAssembly
from cdk_app.checks.iam.resource_wildcards import unrestricted
from cdk_app.checks.iam.statements import identity_statements
from cdk_app.checks.registry import ALL_CHECKS, run_checks


def main(argv: list[str] | None = None) -> int:
    """Print findings and the permission figures. Returns 0 clean, 1 with findings, 2 with nothing to check."""
    parser = argparse.ArgumentParser(prog="python -m cdk_app.checks", description=__doc__)
    parser.add_argument("directory", type=Path, nargs="?", default=Path("cdk.out"))
    directory = parser.parse_args(argv).directory
    try:
        assembly = Assembly.read(directory)
    except NotAnAssembly as error:
        print(error, file=sys.stderr)
        return 2
    findings = run_checks(assembly)
    for finding in findings:
        print(finding)
    statements = list(identity_statements(assembly))
    actions = [action for statement in statements for action in statement.actions]
    print(
        f"{len(assembly.templates)} stacks, {len(ALL_CHECKS)} checks, {len(findings)} findings; "
        f'{len(unrestricted(assembly))} of {len(statements)} identity statements have Resource "*", '
        f"{sum('*' in action for action in actions)} of {len(actions)} actions are wildcards."
    )
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
