"""Which columns make a record, told by the files themselves."""

import io
import json
from collections.abc import Callable

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.preparation.errors import InvalidArguments, NoInputFiles, UnknownSchema
from pipelines.preparation.inputs import readable
from pipelines.preparation.schema import infer_columns
from pipelines.preparation.settings import Columns, Settings
from pipelines.preparation.storage import Bucket

MakeBucket = Callable[..., Bucket]


def infer(bucket: MakeBucket, files: dict[str, bytes]) -> Columns:
    raw = bucket(files)
    return infer_columns(raw.objects(""), raw, 1000)


def lines(*records: object) -> bytes:
    return b"".join(json.dumps(record).encode() + b"\n" for record in records)


@pytest.mark.parametrize(
    ("record", "columns"),
    [
        ({"id": 1, "prompt": "p", "completion": "c"}, Columns("prompt", "completion")),
        ({"text": "a", "summary": "b"}, Columns("text", "summary")),
        ({"text": "a", "label": "b"}, Columns("text", "label")),
        ({"text": "a", "url": "b"}, Columns("text")),
        ({"text": "a", "messages": []}, Columns(messages="messages")),
        ({"prompt": "p", "chosen": "a", "rejected": "b"}, Columns("prompt", "chosen", rejected="rejected")),
        ({"id": 1, "chosen": [], "rejected": []}, Columns(messages="chosen", rejected="rejected")),
        ({"messages": [], "prompt": "p", "chosen": "a", "rejected": "b"}, Columns(messages="messages")),
        ({"prompt": "p", "completion": "c", "chosen": 3, "rejected": 1}, Columns("prompt", "completion")),
        ({"conversations": []}, Columns(messages="conversations")),
    ],
)
def test_well_known_names_tell_the_schema(bucket: MakeBucket, record: dict[str, object], columns: Columns) -> None:
    assert infer(bucket, {"a.jsonl": lines(record)}) == columns


def test_a_few_broken_lines_do_not_hide_the_schema(bucket: MakeBucket) -> None:
    content = b"not json\n\n[]\n" + lines(*[{"text": "a", "summary": "b"}] * 3, {"text": "a"})
    assert infer(bucket, {"a.jsonl": b"\xff\n", "b.jsonl": content}) == Columns("text", "summary")


def test_tables_tell_their_schema_too(bucket: MakeBucket) -> None:
    assert infer(bucket, {"a.csv": b"id;question;answer\n1;q;a\n"}) == Columns("question", "answer")
    file = io.BytesIO()
    pq.write_table(pa.table({"document": ["d"], "summary": ["s"]}), file)
    assert infer(bucket, {"a.parquet": file.getvalue()}) == Columns("document", "summary")


TURNS = pa.list_(pa.struct([("role", pa.string()), ("content", pa.string())]))
FIXED = pa.list_(TURNS.value_type, 2)
PAIR, OTHERWISE = Columns("prompt", "chosen", rejected="rejected"), Columns("prompt", "completion")


@pytest.mark.parametrize(
    ("kind", "columns"),
    [
        (pa.string(), PAIR),
        (pa.large_string(), PAIR),
        (pa.dictionary(pa.int32(), pa.string()), PAIR),
        (TURNS, PAIR),
        (pa.large_list(TURNS.value_type), PAIR),
        (FIXED, PAIR),
        # Many a data set counts how often an answer was chosen, or says which one was.
        (pa.int64(), OTHERWISE),
        (pa.bool_(), OTHERWISE),
        (pa.list_(pa.string()), OTHERWISE),
        (TURNS.value_type, OTHERWISE),
    ],
)
def test_a_table_s_types_tell_whether_chosen_and_rejected_are_answers(
    bucket: MakeBucket, kind: pa.DataType, columns: Columns
) -> None:
    fields = [("prompt", pa.string()), ("completion", pa.string()), ("chosen", kind), ("rejected", kind)]
    file = io.BytesIO()
    pq.write_table(pa.schema(fields).empty_table(), file)
    assert infer(bucket, {"a.parquet": file.getvalue()}) == columns


def test_a_value_that_nobody_can_read_does_not_hide_the_columns(bucket: MakeBucket) -> None:
    file = io.BytesIO()
    far = pa.array([10**15], pa.int64()).cast(pa.timestamp("s"))
    pq.write_table(pa.table({"document": ["d"], "summary": ["s"], "made": far}), file)
    assert infer(bucket, {"a.parquet": file.getvalue()}) == Columns("document", "summary")


def test_a_data_set_of_text_files_has_no_targets(bucket: MakeBucket) -> None:
    assert infer(bucket, {"a.txt": b"one", "b.md": b"two"}) == Columns("text")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (lines({"body": "a", "headline": "b"}), r"s3://bucket/a\.jsonl has the columns 'body', 'headline'; which is"),
        (b"nothing\n", r"No file has a record whose columns can be told\. .*s3://bucket/a\.jsonl"),
    ],
)
def test_a_schema_that_nobody_knows_is_asked_for(bucket: MakeBucket, content: bytes, message: str) -> None:
    with pytest.raises(UnknownSchema, match=message):
        infer(bucket, {"a.jsonl": content})


def test_text_files_beside_labelled_records_are_left_out_and_named(
    bucket: MakeBucket, capsys: pytest.CaptureFixture[str]
) -> None:
    files = bucket({"a.jsonl": b"", "LICENSE": b"", "readme.md": b""}).objects("")
    objects, skipped = readable(files, Columns("text", "summary"))
    assert ([stored.key for stored in objects], skipped) == (["a.jsonl"], ["LICENSE", "readme.md"])
    assert "LICENSE, readme.md" in capsys.readouterr().err
    assert [stored.key for stored in readable(files, Columns("text"))[0]] == ["a.jsonl", "readme.md"]


def test_files_none_of_which_is_read_are_refused_by_name(bucket: MakeBucket) -> None:
    with pytest.raises(NoInputFiles, match=r"None of the 2 files is read, as s3://…/a\.md: .*without the target"):
        readable(bucket({"a.md": b"", "b.txt": b""}).objects(""), Columns("text", "summary"))


@pytest.mark.parametrize(
    "columns", [{}, {"target": "t"}, {"text": "t", "messages": "m"}, {"messages": "m", "target": "t"}]
)
def test_columns_that_make_no_record_are_refused(
    settings_document: dict[str, dict[str, object]], columns: object
) -> None:
    settings_document["data"]["columns"] = columns
    with pytest.raises(InvalidArguments, match="must name text, with or without target, or messages alone"):
        Settings.from_json(json.dumps(settings_document))
