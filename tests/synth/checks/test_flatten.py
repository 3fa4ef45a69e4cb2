import pytest

from cdk_app.checks.flatten import flatten


@pytest.mark.parametrize(
    ("value", "flat"),
    [
        ("text", "text"),
        ({"Ref": "AWS::Region"}, "us-east-1"),
        ({"Ref": "Bucket"}, "ref-Bucket"),
        ({"Fn::Join": ["-", ["a", {"Ref": "AWS::AccountId"}]]}, "a-111122223333"),
        ({"Fn::GetAtt": ["Role", "Arn"]}, "arn:aws:service:us-east-1:111122223333:Role"),
        ({"Fn::Sub": "x-${AWS::Region}-${Role.Arn}"}, "x-us-east-1-arn:aws:service:us-east-1:111122223333:Role"),
        ({"Fn::Sub": ["${Name}-${!Kept}", {"Name": {"Ref": "AWS::Partition"}}]}, "aws-${Kept}"),
        ({"Fn::Select": [1, {"Fn::Split": ["/", "a/b"]}]}, "b"),
        ({"Fn::ImportValue": "Other:ExportsOutputRefBucket1A2B"}, "Other:ExportsOutputRefBucket1A2B"),
        ({"Key": [{"Ref": "AWS::Partition"}]}, {"Key": ["aws"]}),
    ],
)
def test_references_become_examples_of_what_they_stand_for(value: object, flat: object) -> None:
    assert flatten(value) == flat


def test_an_imported_arn_looks_like_one() -> None:
    assert flatten({"Fn::ImportValue": "Other:ExportsOutputFnGetAttRoleArn1A2B"}).startswith("arn:aws:")
