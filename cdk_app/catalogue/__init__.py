"""The models that AWS offers, what is known of each and from where, and those that a workflow can name.

`ENTRIES` holds every model with its facts, `CATALOGUE` the ones that a workflow can ask. Nothing is looked up at
synthesis, which stays offline: prices and limits are facts of a date. They let candidates be compared; the bill is
AWS's.
"""

from __future__ import annotations

from cdk_app.catalogue.customization import BEDROCK_CUSTOMIZABLE, TRAINING_DATA, customization
from cdk_app.catalogue.entry import Entry
from cdk_app.catalogue.model import Modality, Model, Platform, SecondPrice, TokenPrice
from cdk_app.catalogue.regions import GEOGRAPHIES
from cdk_app.catalogue.resolution import Invocation, NotServed, invocations, resolve
from cdk_app.catalogue.workflow import CATALOGUE, ENTRIES, FACTS_READ, asked_from, why_not_a_candidate

__all__ = [
    "BEDROCK_CUSTOMIZABLE",
    "CATALOGUE",
    "ENTRIES",
    "FACTS_READ",
    "GEOGRAPHIES",
    "TRAINING_DATA",
    "Entry",
    "Invocation",
    "Modality",
    "Model",
    "NotServed",
    "Platform",
    "SecondPrice",
    "TokenPrice",
    "asked_from",
    "customization",
    "invocations",
    "resolve",
    "why_not_a_candidate",
]
