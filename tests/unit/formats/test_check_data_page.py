"""The page on the check: its tables are the ones that the check goes by, and its examples are true."""

import json
import re

from pipelines.formats.check import check_lines
from pipelines.formats.detect import detect
from pipelines.formats.outputs import OUTPUTS
from pipelines.formats.records import Format
from pipelines.formats.reference import PAGE, rendered_page

EXAMPLE = re.compile(r"^\| `(?P<format>[a-z-]+)` \| `(?P<output>[a-z-]+)` \| `(?P<line>\{.*\})` \|$", re.MULTILINE)


def test_the_tables_are_current() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert page == rendered_page(page), "run: python -m pipelines.formats.reference"


def test_there_is_a_line_of_every_format_and_it_is_accepted_and_told_from_the_others() -> None:
    examples = list(EXAMPLE.finditer(PAGE.read_text(encoding="utf-8")))
    assert [example["format"] for example in examples] == [
        form.value
        for form in (Format.CHAT, Format.PROMPT_COMPLETION, Format.CONVERSATION, Format.MESSAGES, Format.PRE_TRAINING)
    ]
    assert {example["output"] for example in examples} == set(OUTPUTS) - {"parquet"}
    for example in examples:
        json.loads(example["line"])
        assert check_lines([example["line"]], Format(example["format"])).listed == []
        assert detect(example["line"].encode()) is Format(example["format"])
