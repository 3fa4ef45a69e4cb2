"""The tables of the Glue catalogue: their types, their partitions, and their rows of JSON in S3."""
