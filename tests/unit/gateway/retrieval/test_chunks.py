"""Passages hold whole sentences, overlap, know their headings, and lose nothing."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from lambdas.gateway.retrieval.chunks import MOST_CHARACTERS, MOST_OVERLAP, MOST_PATH_CHARACTERS, chunk
from lambdas.gateway.retrieval.reading import Section

SENTENCES = [f"Sentence number {number} says a little." for number in range(9)]


def test_a_short_section_is_one_passage_under_its_headings() -> None:
    assert list(chunk([Section(("Guide", "Names"), "One. Two.")])) == ["Guide > Names\nOne. Two."]
    assert list(chunk([Section((), "One.")])) == ["One."]


def test_passages_are_of_whole_sentences_and_repeat_the_last_one() -> None:
    found = list(chunk([Section((), " ".join(SENTENCES))], most=120, overlap=40))
    assert found[0] == " ".join(SENTENCES[:3])
    assert found[1] == " ".join(SENTENCES[2:5])
    assert all(piece.startswith("Sentence") and piece.endswith("little.") for piece in found)


def test_no_passage_only_repeats_the_one_before() -> None:
    long = f"A sentence {'which goes on ' * 7}ends."
    found = list(chunk([Section((), f"Short one. Short two. {long} {long[:-1]}!")], most=120, overlap=60))
    assert found == ["Short one. Short two.", long, f"{long[:-1]}!"]


def test_passages_never_reach_over_a_heading() -> None:
    found = list(chunk([Section(("A",), "One."), Section(("B",), "Two.")]))
    assert found == ["A\nOne.", "B\nTwo."]


def test_of_too_many_headings_the_innermost_are_shown() -> None:
    path = tuple(f"{number} {'x' * 100}" for number in range(6))
    [found] = chunk([Section(path, "One.")])
    heading = found.splitlines()[0]
    assert len(heading) <= MOST_PATH_CHARACTERS + 10
    assert heading.endswith(path[-1])


texts = st.text(alphabet=st.sampled_from("ab. \n。!é"), max_size=600)


@given(texts, st.integers(31, 60), st.integers(0, 30))
@example("a" * 32, 31, 0)
def test_nothing_is_lost_and_no_passage_is_too_long(text: str, most: int, overlap: int) -> None:
    found = list(chunk([Section((), text)], most, overlap))
    assert all(0 < len(piece) <= most for piece in found)
    # A text may repeat itself, so a passage may have been cut out of several places: each of them is followed.
    ends = {0}
    for piece in found:
        ends = {
            start + len(piece)
            for end in ends
            for start in range(max(0, end - overlap), len(text) - len(text[end:].lstrip()) + 1)
            if text.startswith(piece, start)
        }
    assert any(not text[end:].strip() for end in ends)


def test_the_bounds_of_the_gateway_go_together() -> None:
    assert MOST_OVERLAP < MOST_CHARACTERS / 2
