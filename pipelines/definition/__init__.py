"""The SageMaker pipeline that fine-tunes, evaluates, gates and registers a model."""
