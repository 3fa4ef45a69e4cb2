from cdk_app.checks.cfn_lint import find_template_errors
from tests.synth.checks.templates import assembly


def topic(**properties: object) -> dict[str, object]:
    return {"Type": "AWS::SNS::Topic", "Properties": properties}


def test_a_sound_template_passes() -> None:
    assert list(find_template_errors(assembly({"Topic": topic(DisplayName="News")}))) == []


def test_an_unknown_property_is_reported_with_its_path() -> None:
    [finding] = find_template_errors(assembly({"Topic": topic(Colour="red")}))
    assert "E3002" in finding.problem
    assert finding.place == "Stack.template.json Resources/Topic/Properties/Colour"


def test_a_warning_is_reported_like_an_error() -> None:
    subscription = {
        "Type": "AWS::SNS::Subscription",
        "Properties": {"TopicArn": {"Ref": "Topic"}, "Protocol": "email", "Endpoint": "a@example.com"},
        "DependsOn": "Topic",
    }
    [finding] = find_template_errors(assembly({"Topic": topic(), "Subscription": subscription}))
    assert finding.problem.startswith("W3005")
