"""Raw objects to records, numbered by line or row: JSON Lines, CSV, Parquet and plain text, compressed or not.

`files` tells what an object is by its name, `chunks` divides objects among tasks, `records` reads a chunk. A format
has a module of its own; none of them decides about a record, beyond whether it can be read at all.
"""
