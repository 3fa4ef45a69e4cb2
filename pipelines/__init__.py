"""What runs inside Glue and SageMaker. Nothing here knows CDK, and nothing here asks where it runs."""
