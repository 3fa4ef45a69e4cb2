"""The Glue job `prepare-data`: raw files to curated chat examples and an explained quarantine.

Arguments: --run_id --dataset --raw_bucket --curated_bucket --quarantine_bucket --settings (a JSON object with
`task` and `data`), and --base_model (the S3 URI of the folder of the model to tune) where `data.filters.max_tokens`
asks for its tokenizer. Reads s3://<raw>/<dataset>/; writes s3://<curated>/<dataset>/run=<run_id>/ and
s3://<quarantine>/<dataset>/run=<run_id>/, the manifest last. It can be started again after any failure.

What the job's role must be allowed:

    s3:ListBucket       raw bucket, prefix <dataset>/*; curated and quarantine buckets, prefix <dataset>/run=*
    s3:GetObject        raw <dataset>/*; curated <dataset>/run=*   (an earlier attempt; a run that is added to)
    s3:PutObject        curated and quarantine <dataset>/run=*
    s3:DeleteObject     curated and quarantine <dataset>/run=*   (leftovers of an attempt that failed)
    kms:Decrypt         the keys of the raw and curated buckets
    kms:GenerateDataKey the keys of the curated and quarantine buckets
    and to read and list the files of `tokens.files` under --base_model, where it is given

Needs nothing but what Glue has (PySpark, boto3, numpy, pyarrow), and the packages of requirements.txt where a
setting asks for them; the `pipelines` package comes through --extra-py-files.
"""

import argparse
import json
import re
import sys
from collections.abc import Sequence
from dataclasses import replace

from py4j.protocol import Py4JJavaError  # type: ignore[import-untyped]
from pyspark import SparkContext

from pipelines.preparation.errors import InvalidArguments, WorkerFailed, root_cause
from pipelines.preparation.increment import Base, find_base
from pipelines.preparation.inputs import find_files, readable
from pipelines.preparation.manifest import build_manifest, check_balance, clear_or_recognise, commit, source_of_run
from pipelines.preparation.parts import Destination, Written
from pipelines.preparation.progress import report
from pipelines.preparation.schema import infer_columns
from pipelines.preparation.settings import Settings
from pipelines.preparation.shuffle import curate_and_write, plan_reading
from pipelines.preparation.storage import Bucket, StoredObject
from pipelines.preparation.tokens.counting import ChatTokenizer
from pipelines.preparation.tokens.files import find_tokenizer, fingerprint

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def main(argv: Sequence[str]) -> None:
    """Run the job; raises a `PreparationError` that says what to do, or the service's own error."""
    arguments = parse_arguments(argv)
    settings, hashes = find_what_counts(Settings.from_json(arguments.settings), arguments.base_model)
    raw = Bucket(arguments.raw_bucket)
    destination = Destination(
        Bucket(arguments.curated_bucket),
        Bucket(arguments.quarantine_bucket),
        f"{arguments.dataset}/run={arguments.run_id}/",
    )
    report("list", unit="files")
    files = find_files(raw, arguments.dataset)
    if settings.evaluation_set:
        files += find_files(raw, settings.evaluation_set)
    report("list", done=len(files), total=len(files), unit="files")
    document = json.loads(arguments.settings)
    base = find_base(destination.curated, arguments.dataset, arguments.run_id, document, hashes)
    columns = settings.columns or (base.columns if base else infer_columns(files, raw, settings.max_record_bytes))
    settings = replace(settings, columns=columns)
    objects, skipped = readable(files, columns)
    source = source_of_run(objects, skipped, document, columns, hashes)
    if clear_or_recognise(destination, source):
        print(f"Run {arguments.run_id} is committed already, over the same files and settings: nothing to do.")
        return
    written = process(objects, base, raw, settings, destination)
    manifest = build_manifest(arguments.run_id, arguments.dataset, written, source, base.run_id if base else None)
    commit(destination, manifest, objects)
    report("commit", done=manifest["input"], total=manifest["input"], unit="records")
    print(
        f"{manifest['input']} records: {manifest['kept']} kept {manifest['splits']}, rejected {manifest['rejected']}, "
        f"redacted {manifest['redacted']}"
    )


def parse_arguments(argv: Sequence[str]) -> argparse.Namespace:
    """Read the job's arguments and leave Glue's own alone."""
    parser = argparse.ArgumentParser(prog="prepare-data", allow_abbrev=False, exit_on_error=False)
    names = ("run_id", "dataset", "raw_bucket", "curated_bucket", "quarantine_bucket", "settings")
    for name in (*names, "base_model"):
        parser.add_argument(f"--{name}", default="")
    arguments, _ = parser.parse_known_args(argv)
    if missing := [f"--{name}" for name in names if not getattr(arguments, name)]:
        raise InvalidArguments(f"Missing {', '.join(missing)}. The workflow passes them; so must a start by hand.")
    for name in ("run_id", "dataset"):
        value = getattr(arguments, name)
        if not _NAME.fullmatch(value):
            raise InvalidArguments(f"--{name} is {value!r}: only letters, digits, '.', '_' and '-' make one prefix.")
    return arguments


def find_what_counts(settings: Settings, base_model: str) -> tuple[Settings, dict[str, str] | None]:
    """Return the settings with the tokenizer's files, which are tried here, and their hashes; nothing if not needed."""
    if not settings.filters.max_tokens:
        return settings, None
    files = find_tokenizer(base_model)
    contents = files.read()
    ChatTokenizer.of(contents, files.place)
    return replace(settings, tokenizer=files), fingerprint(contents)


def process(
    objects: list[StoredObject], base: Base | None, raw: Bucket, settings: Settings, destination: Destination
) -> Written:
    """Do the work on Spark and check that no record was lost."""
    new = base.unread(objects, raw) if base else objects
    report("start_spark")
    spark = SparkContext.getOrCreate()
    try:
        plan = plan_reading(spark, new, raw, base.parts if base else ())
        written = curate_and_write(spark, plan, raw, settings, destination)
    except Py4JJavaError as error:
        raise WorkerFailed(root_cause(str(error))) from None
    finally:
        spark.stop()
    check_balance(written, plan.counted_lines, base.kept if base else 0)
    return written


if __name__ == "__main__":
    main(sys.argv[1:])
