"""Spark that reads JSON Lines and writes them as they are: what any job on Spark costs at least.

Arguments: input folder, output folder, `rdd` or `dataframe`. The input is parsed and written as JSON anew; in `rdd` by
Python, as the Glue job does, in `dataframe` by the JVM alone.
"""

import json
import sys
from typing import Any

from pyspark import SparkContext
from pyspark.sql import SparkSession

PARTITIONS = 4


def parse(line: str) -> list[dict[str, Any]]:
    """Return the record of a line, or nothing where it is none."""
    try:
        return [json.loads(line)]
    except ValueError:
        return []


def main(source: str, target: str, way: str) -> None:
    """Read the `documents` files of a folder and write them to another one."""
    files = f"{source}/documents-*.jsonl"
    if way == "rdd":
        spark = SparkContext.getOrCreate()
        lines = spark.textFile(files, PARTITIONS)
        lines.flatMap(parse).map(lambda record: json.dumps(record, ensure_ascii=False)).saveAsTextFile(target)
        spark.stop()
    else:
        session = SparkSession.builder.getOrCreate()
        session.read.schema("id string, text string, target string").json(files).write.json(target)
        session.stop()


if __name__ == "__main__":
    main(*sys.argv[1:])
