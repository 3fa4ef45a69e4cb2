"""Section `analytics`: what stands by to ask the data questions, beside Athena."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from cdk_app.settings.section import Section


class Analytics(Section):
    """A warehouse over the tables of prepared and rejected records."""

    redshift: bool = False
    """Make a Redshift Serverless workgroup in a closed VPC. It bills while a query runs, at least a minute, and its \
VPC endpoint by the hour, some 7 USD a month. It does not run on this machine."""

    redshift_rpu_hours: Annotated[int, Field(ge=1, le=1000)] = 8
    """RPU-hours a day after which Redshift runs no more queries: 8 are an hour's work of the least capacity."""
