from cdk_app.checks.state_machines.syntax import find_syntax_errors
from tests.synth.checks.templates import task, with_state_machine


def test_a_correct_definition_passes() -> None:
    assert list(find_syntax_errors(with_state_machine({"Put": task()}))) == []


def test_a_target_that_does_not_exist_is_reported() -> None:
    [finding] = find_syntax_errors(with_state_machine({"Put": task(End=None, Next="Nowhere")}))
    assert "Nowhere" in finding.problem
    assert "Machine" in finding.place


def test_a_state_that_nothing_leads_to_is_reported() -> None:
    assert list(find_syntax_errors(with_state_machine({"Put": task(), "Orphan": {"Type": "Succeed"}})))


def test_a_jsonpath_field_in_a_jsonata_machine_is_reported() -> None:
    assert list(find_syntax_errors(with_state_machine({"Put": task(ResultPath="$.x")})))
