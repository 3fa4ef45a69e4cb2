"""What runs inside the SageMaker jobs: training, export for serving, and evaluation beside the base."""
