"""Which of the emulator's resource types a stack may have: those behind which something is served or recorded.

Types that executors provision themselves are not here: they say so to CloudFormation's hooks. docs/twin.md says
which of these do nothing. A type that is missing fails the deployment with its name.
"""

PROVISIONED = frozenset(
    f"AWS::{service}::{noun}"
    for service, nouns in {
        "ApiGateway": "Account Deployment GatewayResponse Method Model RequestValidator Resource RestApi Stage",
        "CDK": "Metadata",
        "CloudFormation": "CustomResource Stack",
        "CloudWatch": "Alarm Dashboard",
        "DynamoDB": "Table",
        "ECR": "Repository",
        "Events": "EventBus Rule",
        "Glue": "Database Table",
        "IAM": "ManagedPolicy Policy Role User",
        "KMS": "Alias Key",
        "Lambda": "Alias EventSourceMapping Function Permission Url Version",
        "Logs": "LogGroup LogStream",
        "S3": "Bucket BucketPolicy",
        "SNS": "Subscription Topic TopicPolicy",
        "SQS": "Queue QueuePolicy",
        "SSM": "Parameter",
        "SecretsManager": "Secret",
        "StepFunctions": "StateMachine",
    }.items()
    for noun in nouns.split()
)
