"""Checks on what the application synthesizes: permissions, state machines, the SageMaker pipeline, syntax.

Each rule is one pure function in a file of its own that turns an :class:`~cdk_app.checks.assembly.Assembly`
into findings, each with its place and its remedy. The cheap ones also run inside ``app.synth()`` (see
``at_synth``); all of them run with ``python -m cdk_app.checks cdk.out``.
"""

from cdk_app.checks.assembly import Assembly, Resource
from cdk_app.checks.finding import Check, Finding
from cdk_app.checks.registry import ALL_CHECKS, SYNTH_CHECKS, run_checks

__all__ = ["ALL_CHECKS", "SYNTH_CHECKS", "Assembly", "Check", "Finding", "Resource", "run_checks"]
