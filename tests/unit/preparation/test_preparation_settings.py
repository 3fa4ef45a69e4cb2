"""The settings that the job reads."""

import json
from typing import Any

import pytest

from pipelines.preparation.errors import InvalidArguments
from pipelines.preparation.settings import Settings


def test_keys_for_others_are_left_alone(settings_document: dict[str, Any]) -> None:
    settings_document["data"] |= {"minimum_records": 100, "glue": {"workers": 2}}
    settings = Settings.from_json(json.dumps(settings_document))
    assert settings.schema.text == "documentation"
    assert settings.split.seed == 13


def test_outputs_are_kept_in_their_order(settings_document: dict[str, Any]) -> None:
    settings_document["data"]["outputs"] = ["parquet", "chat"]
    assert Settings.from_json(json.dumps(settings_document)).outputs == ("parquet", "chat")


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (("data", "columns"), None, "no key 'columns'"),
        (("data", "filters", "min_words"), None, "no key 'min_words'"),
        (("data", "filters", "language"), "en", "data.filters has keys that this job does not know: language"),
        (
            ("data", "personal_data"),
            "ignore",
            "data.personal_data is 'ignore'; it must be one of redact, drop, tag, off",
        ),
        (("data", "outputs"), None, "no key 'outputs'"),
        (
            ("data", "outputs"),
            ["chat", "csv"],
            "data.outputs is 'csv'; it must be one of chat, bedrock-prompt-completion",
        ),
        (("data", "outputs"), ["parquet"], "data.outputs has no 'chat'"),
        (("task", "kind"), "translation", "task.kind is 'translation'"),
        (("data",), 3, "not a JSON object with task and data"),
    ],
)
def test_settings_that_the_job_cannot_follow_are_refused_by_key(
    settings_document: dict[str, Any], path: tuple[str, ...], value: object, message: str
) -> None:
    place = settings_document
    for key in path[:-1]:
        place = place[key]
    place.pop(path[-1], None)
    if value is not None:
        place[path[-1]] = value
    with pytest.raises(InvalidArguments, match=message):
        Settings.from_json(json.dumps(settings_document))


def test_settings_that_are_no_json_are_refused() -> None:
    with pytest.raises(InvalidArguments, match="not a JSON object"):
        Settings.from_json("{")
