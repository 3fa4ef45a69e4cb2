"""Which records are too long in tokens, and what the job says where it cannot count."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.formats.records import Message
from pipelines.preparation import job
from pipelines.preparation.curation import Tally, curate
from pipelines.preparation.errors import InvalidArguments, NoBaseRun, NoTokenizer
from pipelines.preparation.formats import messages_of
from pipelines.preparation.increment import find_base
from pipelines.preparation.manifest import build_manifest, commit, source_of_run
from pipelines.preparation.parts import Destination, Written
from pipelines.preparation.records import Candidate, Line, Quarantined
from pipelines.preparation.settings import Settings
from pipelines.preparation.storage import Bucket
from pipelines.preparation.tokens.counting import ChatTokenizer, chat_tokenizer
from pipelines.preparation.tokens.files import TokenizerFiles, find_tokenizer, fingerprint, tokenizer_in
from tests.unit.preparation.base_model import CONFIGURATION, Folder, files_in, write_tiny

Limited = Callable[..., Settings]

NO_TARGET = {"target": None, "messages": None}
TEXT = "the role of the table returns a stream in your account"


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> TokenizerFiles:
    return files_in(write_tiny(tmp_path_factory.mktemp("models") / "base/tiny"))


@pytest.fixture(scope="module")
def limited(files: TokenizerFiles, module_settings: dict[str, Any]) -> Limited:
    """Makes settings with a limit in tokens, and with changes of the settings' data."""

    def make(max_tokens: int, tokenizer: TokenizerFiles = files, **data: Any) -> Settings:
        document = json.loads(json.dumps(module_settings))
        document["data"]["filters"]["max_tokens"] = max_tokens
        document["data"].update(data)
        return replace(Settings.from_json(json.dumps(document)), tokenizer=tokenizer)

    return make


def line(text: str, target: str = "a short summary") -> Line:
    content = json.dumps({"documentation": text, "summary": target}).encode()
    return Line("a.jsonl", 1, content, len(content))


def tokens_of(line: Line, settings: Settings) -> int:
    """Tokens of what becomes of a line where nothing limits them."""
    unlimited = replace(settings, filters=replace(settings.filters, max_tokens=0))
    kept = curate(line, unlimited, Tally())
    assert isinstance(kept, Candidate)
    assert settings.tokenizer is not None
    tokenizer = chat_tokenizer(settings.tokenizer)
    messages = messages_of(kept.example, settings.instruction)
    return tokenizer.count(tokenizer.write(messages) if messages else kept.example.text)


@given(words=st.lists(st.sampled_from(TEXT.split()), min_size=5, max_size=60).map(" ".join))
def test_a_record_at_the_limit_is_kept_and_one_token_above_it_is_not(limited: Limited, words: str) -> None:
    record, tally = line(words), Tally()
    count = tokens_of(record, limited(1))
    assert isinstance(curate(record, limited(count), tally), Candidate)
    rejected = curate(record, limited(count - 1), tally)
    assert isinstance(rejected, Quarantined)
    assert rejected.reason == "too_many_tokens"
    explained = json.loads(rejected.quarantine)
    assert explained["detail"] == f"{count} tokens; data.filters.max_tokens is {count - 1}"
    assert tally.stages["filter"].rejected == {"too_many_tokens": 1}


def test_the_instruction_and_the_target_count_as_well(limited: Limited) -> None:
    settings = limited(1)
    longer = replace(settings, instruction="Summarize the table.")
    assert tokens_of(line(TEXT), longer) > tokens_of(line(TEXT), settings)
    assert tokens_of(line(TEXT, "a summary of the table"), settings) > tokens_of(line(TEXT, "a table"), settings)


def test_personal_data_counts_as_it_will_be_written(limited: Limited) -> None:
    record = line(f"{TEXT} write to somebody.with.a.long.name@department.example.com")
    redacted, kept = (tokens_of(record, limited(1, personal_data=policy)) for policy in ("redact", "tag"))
    assert redacted < kept
    assert isinstance(curate(record, limited(redacted), Tally()), Candidate)
    assert isinstance(curate(record, limited(redacted - 1), Tally()), Quarantined)
    assert isinstance(curate(record, limited(redacted, personal_data="tag"), Tally()), Quarantined)


def test_of_a_record_that_breaks_a_cheaper_rule_no_tokens_are_counted(
    limited: Limited, monkeypatch: pytest.MonkeyPatch
) -> None:
    def count(self: ChatTokenizer, text: str) -> int:
        raise AssertionError

    monkeypatch.setattr(ChatTokenizer, "count", count)
    rejected = curate(line("too short"), limited(1), Tally())
    assert isinstance(rejected, Quarantined)
    assert rejected.reason == "too_short"


def test_without_a_limit_nothing_is_counted_and_no_tokenizer_is_needed(settings: Settings) -> None:
    assert settings.tokenizer is None
    assert isinstance(curate(line(TEXT), settings, Tally()), Candidate)


def test_every_turn_of_a_conversation_counts(limited: Limited) -> None:
    settings = limited(1, columns={"text": None, "target": None, "messages": "messages"})
    turns = [{"role": "user", "content": TEXT}, {"role": "assistant", "content": "it returns one"}]
    more = [{"role": "user", "content": TEXT}, {"role": "assistant", "content": "it returns two"}]

    def of(turns: list[dict[str, str]]) -> Line:
        content = json.dumps({"messages": turns}).encode()
        return Line("a.jsonl", 1, content, len(content))

    once, twice = tokens_of(of(turns), settings), tokens_of(of(turns + more), settings)
    assert twice > once + tokens_of(line(TEXT), limited(1, columns={"text": "documentation"} | NO_TARGET))
    assert isinstance(curate(of(turns + more), replace_limit(settings, twice), Tally()), Candidate)
    assert isinstance(curate(of(turns + more), replace_limit(settings, twice - 1), Tally()), Quarantined)


def replace_limit(settings: Settings, max_tokens: int) -> Settings:
    return replace(settings, filters=replace(settings.filters, max_tokens=max_tokens))


@pytest.mark.parametrize("longer", ["chosen", "rejected"])
def test_of_a_pair_the_longer_answer_counts_whichever_it_is(limited: Limited, longer: str) -> None:
    columns = {"text": "documentation", "target": "chosen", "messages": None, "rejected": "rejected"}
    settings = limited(1, columns=columns)
    answers = {"chosen": "it returns one", "rejected": "a stream of it"} | {longer: f"{TEXT} and {TEXT}"}
    content = json.dumps({"documentation": TEXT, **answers}).encode()
    pair = Line("a.jsonl", 1, content, len(content))

    def tokens_with(answer: str) -> int:
        return tokens_of(line(TEXT, answers[answer]), limited(1))

    count = tokens_with(longer)
    assert count > min(map(tokens_with, answers))
    assert isinstance(curate(pair, replace_limit(settings, count), Tally()), Candidate)
    rejected = curate(pair, replace_limit(settings, count - 1), Tally())
    assert isinstance(rejected, Quarantined)
    said = " with the rejected answer" if longer == "rejected" else ""
    assert json.loads(rejected.quarantine)["detail"].startswith(f"{count} tokens{said}; data.filters.max_tokens")


def test_a_text_alone_is_counted_without_a_template(limited: Limited, files: TokenizerFiles) -> None:
    settings = limited(1, columns={"text": "documentation"} | NO_TARGET)
    assert tokens_of(line(TEXT), settings) == chat_tokenizer(files).count(TEXT)


def test_a_conversation_that_the_template_refuses_goes_to_quarantine_with_what_it_says(
    limited: Limited, tmp_path: Path
) -> None:
    template = (
        "{% if messages[0].role == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}"
        "{% for m in messages %}{{ m.content }}<|im_end|>{% endfor %}"
    )
    files = files_in(write_tiny(tmp_path / "base/strict", chat_template=template))
    settings = limited(1000, tokenizer=files, columns={"text": None, "target": None, "messages": "messages"})
    turns = [("system", "Be brief."), ("user", TEXT), ("assistant", "the role returns")]
    content = json.dumps({"messages": [{"role": role, "content": said} for role, said in turns]}).encode()
    rejected = curate(Line("a.jsonl", 1, content, len(content)), settings, Tally())
    assert isinstance(rejected, Quarantined)
    assert rejected.reason == "invalid_conversation"
    detail = json.loads(rejected.quarantine)["detail"]
    assert detail == "the chat template of the model to tune refuses it: System role not supported"


@pytest.mark.parametrize("base_model", ["", "models/base/tiny", "s3://models", "s3://models/"])
def test_a_base_model_that_is_no_address_is_refused(base_model: str) -> None:
    with pytest.raises(NoTokenizer, match=r"--base_model is .* deploy the job and its settings together"):
        find_tokenizer(base_model)


def test_a_folder_without_a_tokenizer_is_refused_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(NoTokenizer) as refused:
        tokenizer_in(Folder("models", tmp_path), "base/tiny/")
    assert str(refused.value) == (
        "s3://models/base/tiny/ has no tokenizer.json and no tokenizer_config.json. Put the base model's folder there "
        "(docs/deploying.md, before the first run), or deploy with data.filters.max_tokens: 0, which counts no tokens."
    )


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"chat_template": None}, "tokenizer_config.json has no chat_template"),
        ({"chat_template": [{"name": "rag", "template": ""}]}, "tokenizer_config.json has no chat_template"),
        ({"chat_template": "{% for %}"}, "it is no Jinja template"),
        ({"chat_template": "{{ raise_exception('not for you') }}"}, "not for you"),
        ({"eos_token": None}, "tokenizer_config.json has no eos_token"),
    ],
)
def test_a_tokenizer_that_cannot_count_a_conversation_is_refused(
    changes: dict[str, Any], message: str, tmp_path: Path
) -> None:
    files = files_in(write_tiny(tmp_path / "base/m", **changes))
    with pytest.raises(NoTokenizer, match=rf"The tokenizer in s3://models/base/m/ cannot .*{message}"):
        chat_tokenizer(files)


@pytest.mark.parametrize("content", [b"", b"{}", b"no JSON", b'{"model": {"type": "BPE"}}', b"\xff"])
def test_a_tokenizer_file_that_is_none_is_refused(content: bytes, tmp_path: Path) -> None:
    contents = files_in(write_tiny(tmp_path / "base/m")).read() | {"tokenizer.json": content}
    with pytest.raises(NoTokenizer):
        ChatTokenizer.of(contents, "s3://models/base/m/")


def test_the_template_s_own_file_comes_first_and_of_several_the_default(tmp_path: Path) -> None:
    several = [{"name": "rag", "template": "no"}, {"name": "default", "template": "{{ messages[0].content }} list"}]
    contents = files_in(write_tiny(tmp_path / "base/m", chat_template=several)).read()
    said = (Message("user", "a"), Message("assistant", "b"))
    assert ChatTokenizer.of(contents, "here").write(said) == "a list"
    contents["chat_template.jinja"] = b"{{ messages[0].content }} file"
    assert ChatTokenizer.of(contents, "here").write(said) == "a file"


def test_an_end_of_turn_of_the_older_file_counts_where_tokens_are_not_described(tmp_path: Path) -> None:
    contents = files_in(write_tiny(tmp_path / "base/m", eos_token=None)).read()
    contents["special_tokens_map.json"] = json.dumps({"eos_token": {"content": "<|im_end|>"}}).encode()
    assert (
        ChatTokenizer.of(contents, "here")
        .write((Message("user", "a"), Message("assistant", "b")))
        .endswith("b<|im_end|>")
    )


@pytest.mark.parametrize("package", ["tokenizers", "jinja2"])
def test_a_job_without_the_packages_says_what_installs_them(
    package: str, files: TokenizerFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(InvalidArguments, match=f"needs the package {package}.*deploy the job and its settings"):
        ChatTokenizer.of(files.read(), files.place)


def test_the_job_asks_for_the_base_model_before_it_looks_for_data(limited: Limited) -> None:
    with pytest.raises(NoTokenizer, match="--base_model is ''"):
        job.find_what_counts(limited(256), "")


def test_a_job_without_a_limit_asks_for_no_base_model(settings: Settings) -> None:
    assert job.find_what_counts(settings, "") == (settings, None)


def test_a_run_is_not_added_to_one_that_was_counted_by_another_tokenizer(
    limited: Limited,
    files: TokenizerFiles,
    prepare: Callable[..., tuple[Written, Destination]],
    bucket: Callable[..., Bucket],
    settings_document: dict[str, Any],
) -> None:
    settings_document["data"]["filters"]["max_tokens"] = 100
    hashes = fingerprint(files.read())
    raw = {"data/a.jsonl": line(TEXT).content + b"\n"}
    written, destination = prepare(raw, settings=limited(100))
    source = source_of_run([], [], settings_document, limited(100).schema, hashes)
    assert source["tokenizer"] == hashes
    commit(destination, build_manifest("1", "data", written, source), bucket(raw).objects(""))
    settings_document["data"]["base_run"] = "1"
    assert find_base(destination.curated, "data", "2", settings_document, hashes) is not None
    with pytest.raises(NoBaseRun, match="or another tokenizer"):
        find_base(destination.curated, "data", "2", settings_document, hashes | {"tokenizer.json": "other"})


def test_hashes_tell_one_tokenizer_from_another(tmp_path: Path) -> None:
    one, other = (
        fingerprint(files_in(write_tiny(tmp_path / name / "base/m", **changes)).read())
        for name, changes in (("one", {}), ("other", {"chat_template": f"{CONFIGURATION['chat_template']} "}))
    )
    assert one["tokenizer.json"] == other["tokenizer.json"]
    assert one["tokenizer_config.json"] != other["tokenizer_config.json"]
