"""The settings of a workflow: `workflow.yaml`, typed, checked as a whole and immutable.

    settings = load_settings("workflow.yaml", "dev")
    settings.tuning.rank  # 16

An unknown key, a bad bound or an illegal pair raises `SettingsError`, which holds every problem of the file
with its line and its remedy.
"""

from cdk_app.settings.analytics import Analytics
from cdk_app.settings.customization import BedrockCustomization
from cdk_app.settings.data import Columns, Data, Filters, Glue, Split
from cdk_app.settings.delivery import CONTEXT_TOKENS, Budget, Serving
from cdk_app.settings.gateway import APPROVED, Gateway, OfferedModel
from cdk_app.settings.guardrail import Guardrail
from cdk_app.settings.loading import ENVIRONMENTS, Examined, examine_settings, load_settings, problem_in
from cdk_app.settings.model import Environment, Settings
from cdk_app.settings.overrides import override_problems
from cdk_app.settings.problems import Problem, SettingsError
from cdk_app.settings.quality_rules import QualityRules
from cdk_app.settings.rules import Subject
from cdk_app.settings.run import (
    compact_json,
    customization_prefix,
    customized_model_id,
    open_prices,
    run_settings,
    run_settings_template,
)
from cdk_app.settings.selection import Candidate, Selection, Strategy
from cdk_app.settings.task import Task
from cdk_app.settings.tuning import Tuning

__all__ = [
    "APPROVED",
    "CONTEXT_TOKENS",
    "ENVIRONMENTS",
    "Analytics",
    "BedrockCustomization",
    "Budget",
    "Candidate",
    "Columns",
    "Data",
    "Environment",
    "Examined",
    "Filters",
    "Gateway",
    "Glue",
    "Guardrail",
    "OfferedModel",
    "Problem",
    "QualityRules",
    "Selection",
    "Serving",
    "Settings",
    "SettingsError",
    "Split",
    "Strategy",
    "Subject",
    "Task",
    "Tuning",
    "compact_json",
    "customization_prefix",
    "customized_model_id",
    "examine_settings",
    "load_settings",
    "open_prices",
    "override_problems",
    "problem_in",
    "run_settings",
    "run_settings_template",
]
