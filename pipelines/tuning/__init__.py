"""What runs inside the SageMaker jobs: LoRA training, export for serving, and evaluation beside the base."""
