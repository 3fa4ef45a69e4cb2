"""Which of the emulator's resource types a stack may have: those behind which something is served or recorded.

Types that executors provision themselves are not here: they say so to CloudFormation's hooks. docs/twin.md says
which of these do nothing. A type that is missing fails the deployment with its name.
"""

PROVISIONED = frozenset(
    f"AWS::{service}::{noun}"
    for service, nouns in {
        "ApiGateway": (
            "Account ApiKey Authorizer Deployment GatewayResponse Method Model RequestValidator Resource RestApi Stage "
            "UsagePlan UsagePlanKey"
        ),
        "CDK": "Metadata",
        "CloudFormation": "CustomResource Stack",
        "CloudFront": "CachePolicy Distribution OriginAccessControl OriginRequestPolicy ResponseHeadersPolicy",
        "CloudWatch": "Alarm Dashboard",
        "Cognito": "UserPool UserPoolClient UserPoolDomain UserPoolGroup UserPoolResourceServer",
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
        "WAFv2": "WebACL",
    }.items()
    for noun in nouns.split()
)
