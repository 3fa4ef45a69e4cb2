"""Vectors in memory, compared one by one: what S3 Vectors and OpenSearch Serverless have in common here.

`table` holds the vectors of an index, `nearest` finds, `columns` answer filters, `files` keep what is in a table.
"""
