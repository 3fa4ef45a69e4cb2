"""Rules on Step Functions state machines, whose definitions CDK hides from cfn-lint behind ``Fn::Join``."""
