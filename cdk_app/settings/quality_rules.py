"""Section `data.quality_rules`: what a raw data set must be like as a whole, and who looks."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from cdk_app.settings.section import Section


class QualityRules(Section):
    """Rules on the raw data set as a whole; single records that are no use go to quarantine whatever these say."""

    on_glue: bool = False
    """Evaluate the rules before the data is prepared, and end the run where one is broken. AWS Glue Data Quality \
bills it by DPU: at least 5 for a minute, 4 cents."""

    completeness: Annotated[float, Field(ge=0.01, le=1)] = 0.9
    """Least share of lines that have a value, in either column."""

    uniqueness: Annotated[float, Field(ge=0, le=1)] = 0.5
    """Least share of texts that no other record has; a data set below it is mostly copies."""
