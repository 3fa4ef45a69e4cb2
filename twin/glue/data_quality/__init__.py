"""Glue Data Quality: rulesets of the language's plain rules, evaluated on tables of the catalogue."""

from twin.emulator import hooks
from twin.glue.data_quality.rulesets import RULESETS, get_data_quality_ruleset, register_rulesets
from twin.glue.data_quality.runs import (
    EVALUATIONS,
    RESULTS,
    get_evaluation,
    get_result,
    start_evaluation,
    wait_for_all,
)


def register() -> None:
    """Serve rulesets, their evaluation runs and results."""
    hooks.override("glue", "GetDataQualityRuleset", get_data_quality_ruleset)
    hooks.override("glue", "StartDataQualityRulesetEvaluationRun", start_evaluation)
    hooks.override("glue", "GetDataQualityRulesetEvaluationRun", get_evaluation)
    hooks.override("glue", "GetDataQualityResult", get_result)
    register_rulesets()
    hooks.persist("glue_rulesets", RULESETS.save, RULESETS.load)
    hooks.persist("glue_quality_runs", EVALUATIONS.save, EVALUATIONS.load)
    hooks.persist("glue_quality_results", RESULTS.save, RESULTS.load)
    hooks.on_shutdown(wait_for_all)
