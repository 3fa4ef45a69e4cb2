"""Interpreter of SageMaker pipeline definitions (schema version 2020-12-01).

Nothing here knows how a step's work is done, or calls anything: `twin.sagemaker.executions` plugs that in.
"""
