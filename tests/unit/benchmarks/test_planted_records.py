"""What the benchmark plants, and the truth about it."""

import json
import random
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.data_preparation import corpus
from benchmarks.data_preparation.corpus import TooFewDocuments
from benchmarks.data_preparation.documents import Document, pages, strip_markup, usable
from benchmarks.data_preparation.truth import jaccard, shingles
from benchmarks.data_preparation.variants import BANDS, COPIES, copy_of, edited

WORDS = [f"{a}{b}{c}" for a in "bcdfgklmn" for b in "aeiou" for c in ("ffin", "ld", "fle", "rt", "sse")]


def document(seed: int, words: int = 300) -> Document:
    draw = random.Random(seed)
    return Document(" ".join(draw.choices(WORDS, k=words)), f"A sentence of the number {seed}.")


def test_likeness_is_the_share_of_common_runs_of_five_words() -> None:
    left, right = shingles("a b c d e f g"), shingles("A, b c\nd e f: h")
    assert len(left) == len(right) == 3
    assert jaccard(left, right) == 2 / 4


def test_a_text_of_fewer_than_five_words_is_one_shingle() -> None:
    assert shingles("ﬁne Words") == {("fine", "words")}


@pytest.mark.parametrize("kind", COPIES)
def test_a_copy_says_the_same_as_its_original(kind: str) -> None:
    text = document(1).text
    copy = copy_of(text, kind, random.Random(2))
    assert copy is not None
    assert (copy == text) == (kind == "copy")
    assert shingles(copy) == shingles(text)
    assert unicodedata.normalize("NFKC", copy).split() == text.split()


@pytest.mark.parametrize("band", BANDS)
@given(seed=st.integers(0, 1000))
@settings(deadline=None, max_examples=10)
def test_an_edited_text_lies_in_its_band(band: tuple[float, float], seed: int) -> None:
    text = document(seed).text
    made = edited(text, band, WORDS, random.Random(seed))
    assert made is not None
    assert band[0] <= made[1] < band[1]
    assert made[1] == jaccard(shingles(text), shingles(made[0]))


def test_a_text_too_short_for_a_band_is_passed_over() -> None:
    assert edited(" ".join(WORDS[:12]), (0.95, 1.0), WORDS, random.Random(1)) is None


def test_a_corpus_says_where_every_document_stands_and_repeats_none(tmp_path: Path) -> None:
    found = [document(seed) for seed in range(corpus.DOCUMENTS)]
    written = corpus.write(1, found, tmp_path)
    records = {
        (path.name, number): json.loads(line)
        for path in written.files
        if path.name != "broken.jsonl"
        for number, line in enumerate(path.read_text("utf-8").split("\n")[:-1], start=1)
    }
    assert {place: record["id"] for place, record in records.items()} == written.places
    assert {record["id"]: record["text"] for record in records.values()} == written.texts
    assert len(written.texts) == corpus.DOCUMENTS + corpus.PLANTED * (len(COPIES) + len(BANDS) + 2)
    originals = [pair.original for pair in written.pairs]
    assert len(set(originals)) == len(originals)
    for pair in written.pairs:
        likeness = jaccard(shingles(written.texts[pair.original]), shingles(written.texts[pair.planted]))
        assert likeness == pair.similarity
    assert len(set(written.texts.values())) == len(written.texts) - corpus.PLANTED


def test_a_corpus_is_the_same_again(tmp_path: Path) -> None:
    found = [document(seed) for seed in range(corpus.DOCUMENTS)]
    first, second = (corpus.write(1, found, tmp_path / name) for name in ("first", "second"))
    assert [path.read_bytes() for path in first.files] == [path.read_bytes() for path in second.files]
    assert first.pairs == second.pairs


def test_documents_are_never_repeated_to_reach_a_scale(tmp_path: Path) -> None:
    with pytest.raises(TooFewDocuments, match="Scale 2 takes 6,600 distinct documents, and the sources hold 10"):
        corpus.write(2, [document(seed) for seed in range(10)], tmp_path)


def test_the_first_sentence_is_the_target_and_equal_texts_come_once() -> None:
    body = document(3, 120).text
    text = f"This sentence says what follows. {body}"
    assert list(usable([text, text.upper(), "Too short. It is."])) == [
        Document(body, "This sentence says what follows.")
    ]


def test_markup_becomes_lines() -> None:
    assert strip_markup("<p>Reads the <code>Table</code> &amp; more.</p><ul><li>One</li><li>Two</li></ul>") == (
        "Reads the Table & more.\nOne\nTwo"
    )


def test_paragraphs_are_put_together_to_texts_of_bounded_length() -> None:
    texts = list(pages(["word " * 300, "word " * 300, "word " * 300, "long " * 1000]))
    assert [len(text.split()) for text in texts] == [600, 300]
