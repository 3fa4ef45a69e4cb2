"""How long a record is in tokens, counted as training will: by the base model's own chat template and tokenizer.

`files` finds them beside the weights in S3, `chat_template` writes a conversation down, `counting` counts it, and
`check` refuses what is too long. `pipelines.tuning.examples` does the same with transformers, which is no part of a
Glue job: too large, and with dependencies of its own.
"""
