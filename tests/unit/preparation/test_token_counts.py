"""Tokens are counted as training counts them, by SmolLM2's own tokenizer and by templates of every kind."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from pipelines.formats.records import Message
from pipelines.preparation.tokens.chat_template import ChatTemplate, Unwritable
from pipelines.preparation.tokens.counting import ChatTokenizer, chat_tokenizer
from pipelines.tuning.checkpoint import load_tokenizer
from pipelines.tuning.examples import load
from tests.unit.preparation.base_model import TEMPLATE, files_in, write_smollm2, write_tiny

Conversation = tuple[Message, ...]

SPECIAL = ["<|im_start|>", "<|im_end|>", "<|endoftext|>", " <|im_end|>\n<|im_start|>user\n"]
PIECES = st.one_of(
    st.text(min_size=1, max_size=40),
    st.sampled_from(
        [*SPECIAL, "Creates a bucket.", "\n\n", "  indented", "12345.67", "naïve 日本語 🙂", "don't WE'LL"]
    ),
)
# Cleaned texts have no white space at their ends, as here.
SAID = st.lists(PIECES, min_size=1, max_size=6).map("".join).map(str.strip).filter(bool)


@st.composite
def conversations(draw: st.DrawFn) -> Conversation:
    """Turns as the job keeps them: of the system at most one, then user and assistant by turns."""
    rounds = draw(st.integers(1, 3))
    roles = (["system"] if draw(st.booleans()) else []) + ["user", "assistant"] * rounds
    return tuple(Message(role, draw(SAID)) for role in roles)


@pytest.fixture(scope="module")
def smollm2_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_smollm2(tmp_path_factory.mktemp("models") / "base/smollm2")


@pytest.fixture(scope="module")
def smollm2(smollm2_folder: Path) -> ChatTokenizer:
    return chat_tokenizer(files_in(smollm2_folder))


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> ChatTokenizer:
    return chat_tokenizer(files_in(write_tiny(tmp_path_factory.mktemp("models") / "base/tiny")))


@pytest.fixture(scope="module")
def trained(smollm2_folder: Path) -> Any:
    """SmolLM2's tokenizer as training loads it."""
    return load_tokenizer(smollm2_folder)


def counts_of_training(said: Sequence[Conversation], tokenizer: Any) -> dict[int, int]:
    """Tokens of each conversation by its number, of those that training can use."""
    lines = [
        json.dumps({"record_id": str(number), "messages": [turn._asdict() for turn in turns]}) + "\n"
        for number, turns in enumerate(said)
    ]
    with TemporaryDirectory() as folder:
        (Path(folder) / "part.jsonl").write_text("".join(lines), encoding="utf-8")
        examples, _ = load(Path(folder), len(lines), tokenizer, 1_000_000, seed=1)
    return {int(example.record.record_id): len(example.tokens) for example in examples}


def pair(text: str, target: str) -> Conversation:
    return Message("user", text), Message("assistant", target)


@given(said=st.lists(conversations(), min_size=1, max_size=8))
@hypothesis_settings(max_examples=40)
def test_a_conversation_has_as_many_tokens_as_training_makes_of_it(
    smollm2: ChatTokenizer, trained: Any, said: list[Conversation]
) -> None:
    said = [*said, pair("Is it?", "It is.")]  # one that training uses whatever the others are
    for number, count in counts_of_training(said, trained).items():
        assert smollm2.count(smollm2.write(said[number])) == count, said[number]


def test_the_prompt_that_smollm2_puts_before_everything_is_counted(smollm2: ChatTokenizer, trained: Any) -> None:
    said = pair("Summarize.\n\nCreates a bucket in the Region that you name.", "Creates a bucket.")
    assert "You are a helpful AI assistant named SmolLM" in smollm2.write(said)
    assert counts_of_training([said], trained) == {0: smollm2.count(smollm2.write(said))}


def test_what_follows_the_end_of_the_answer_is_not_counted(tiny: ChatTokenizer) -> None:
    assert tiny.write(pair("a table", "the role")).endswith("assistant\nthe role<|im_end|>")


def test_an_end_of_turn_in_an_earlier_turn_ends_nothing(tmp_path: Path) -> None:
    template = "{% for m in messages %}{{ m['content'] }}{% if m['role'] == 'user' %}<|im_end|>{% endif %}{% endfor %}"
    made = chat_tokenizer(files_in(write_tiny(tmp_path / "base/m", chat_template=template)))
    assert made.write(pair("a table", "the role")) == "a table<|im_end|>the role"


@given(text=SAID, words=st.lists(st.from_regex("[a-z]{1,12}", fullmatch=True), min_size=1, max_size=8))
@hypothesis_settings(max_examples=30)
def test_more_words_have_more_tokens(smollm2: ChatTokenizer, text: str, words: list[str]) -> None:
    lengths = [
        smollm2.count(smollm2.write(pair(" ".join([f"{text} so", *words[:count]]), "yes")))
        for count in range(len(words) + 1)
    ]
    assert all(shorter < longer for shorter, longer in pairwise(lengths))


@given(said=conversations(), limit=st.integers(1, 300))
def test_what_surely_fits_does_fit(smollm2: ChatTokenizer, said: Conversation, limit: int) -> None:
    text = smollm2.write(said)
    if smollm2.surely_fits(text, limit):
        assert smollm2.count(text) <= limit
    assert smollm2.surely_fits(text, len(text.encode()))
    assert not smollm2.surely_fits(text, len(text.encode()) - 1)


def test_nothing_is_known_without_counting_of_a_tokenizer_that_rewrites_texts(tmp_path: Path) -> None:
    folder = write_tiny(tmp_path / "base/m")
    document = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))
    document["normalizer"] = {"type": "Prepend", "prepend": "in your account "}
    (folder / "tokenizer.json").write_text(json.dumps(document), encoding="utf-8")
    made = chat_tokenizer(files_in(folder))
    assert made.count("a") > 1
    assert not made.surely_fits("a", 1)


TEMPLATES = {
    "SmolLM2's form": TEMPLATE,
    "blocks on lines of their own": "{% for m in messages %}\n    {% if m.content %}\n{{ m.role }}: {{ m.content }}\n"
    "    {% endif %}\n{% endfor %}\n{% if add_generation_prompt %}\nassistant: {% endif %}",
    "marked answers": "{% for m in messages %}{% if m.role == 'assistant' %}{% generation %}{{ m.content }}"
    "{{ eos_token }}{% endgeneration %}{% else %}{{ m.content }}\n{% endif %}{% endfor %}",
    "loop controls": "{% for m in messages %}{% if loop.index > 2 %}{% break %}{% endif %}{{ m.content }} {% endfor %}",
    "a namespace": "{% set ns = namespace(n=0) %}{% for m in messages %}{% set ns.n = ns.n + 1 %}{{ ns.n }} "
    "{{ m.content | trim }}{% endfor %}",
    "JSON": "{% for m in messages %}{{ m | tojson }}{% endfor %}",
    "no tools": "{% if tools %}tools{% endif %}{{ bos_token }}{% for m in messages %}{{ m['content'] }}{% endfor %}",
}


@pytest.mark.parametrize("name", TEMPLATES)
@pytest.mark.parametrize("ask", [False, True])
def test_a_template_writes_what_transformers_writes(name: str, ask: bool, tmp_path: Path) -> None:
    from transformers import AutoTokenizer

    theirs: Any = AutoTokenizer.from_pretrained(write_tiny(tmp_path / "m", chat_template=TEMPLATES[name]))
    ours = ChatTemplate(TEMPLATES[name], {"bos_token": "<|im_start|>", "eos_token": "<|im_end|>"})
    said = pair('<b>"x" & naïve</b>\n', "  yes\n")
    turns = [turn._asdict() for turn in said]
    assert ours.write(said, ask=ask) == theirs.apply_chat_template(turns, tokenize=False, add_generation_prompt=ask)


def test_a_template_is_not_told_the_date_and_takes_its_own() -> None:
    source = "{% if strftime_now is defined %}{{ strftime_now('%d %b %Y') }}{% else %}26 Jul 2024{% endif %}"
    assert ChatTemplate(source, {}).write(pair("a", "b")) == "26 Jul 2024"


@pytest.mark.parametrize("source", ["{{ messages.__class__.__mro__ }}", "{% do %}", "{{ raise_exception('no') }}"])
def test_what_a_template_cannot_or_may_not_do_is_an_error_of_its_own(source: str) -> None:
    with pytest.raises(Unwritable):
        ChatTemplate(source, {}).write(pair("a", "b"))
