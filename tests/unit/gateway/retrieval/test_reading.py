"""Documents as they come, hostile ones among them, to sections: within bounds, and refused in words that help."""

from __future__ import annotations

import io
import subprocess
import time
import zlib
from http import HTTPStatus

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lambdas.gateway.problems import Problem
from lambdas.gateway.retrieval import reading
from lambdas.gateway.retrieval.reading import Section, pdf, read
from lambdas.gateway.retrieval.reading.sections import clean

PDF = "application/pdf"


def sections(media_type: str, text: str) -> list[Section]:
    return read(media_type, text.encode(), 10_000_000)


def refused(media_type: str, content: bytes, most: int = 10_000_000) -> Problem:
    with pytest.raises(Problem) as found:
        read(media_type, content, most)
    return found.value


# ---- text, Markdown and HTML ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("media_type", "text", "expected"),
    [
        ("text/plain", "One.\r\n\r\n\r\n\r\nTwo.", [Section((), "One.\n\nTwo.")]),
        ("text/plain; charset=utf-8", "\ufeffA\u00a0 b\u200b", [Section((), "A b")]),
        (
            "text/markdown",
            "Before.\n# A #\nOne.\n## B\nTwo.\n# C\nThree.",
            [Section((), "Before."), Section(("A",), "One."), Section(("A", "B"), "Two."), Section(("C",), "Three.")],
        ),
        (
            "text/markdown",
            "Title\n=====\nOne.\n\nPart\n---\nTwo.",
            [Section(("Title",), "One."), Section(("Title", "Part"), "Two.")],
        ),
        (
            "text/markdown",
            "# A\n```sh\n# no heading\n---\n```\nEnd.",
            [Section(("A",), "```sh\n# no heading\n---\n```\nEnd.")],
        ),
        ("text/markdown", "#hashtag and\n- one\n---\nmore", [Section((), "#hashtag and\n- one\n---\nmore")]),
        (
            "text/html",
            "<title>T</title><h1>A <i>b</i></h1><p>One &amp; two<h2>C</h2><ul><li><p>x</p></li></ul><h1>D</h1>e<br>f",
            [Section(("A b",), "One & two"), Section(("A b", "C"), "- x"), Section(("D",), "e\nf")],
        ),
        ("text/html", "a<script>if (x<b) '<p>'</script>b<!-- <h1>no</h1> -->c", [Section((), "abc")]),
        ("text/html", "<h1>never closed <p>the text", [Section((), "never closed\n\nthe text")]),
        (
            "text/html",
            "<pre>one\n two</pre><table><tr><td>a</td><td>b</td></tr></table>",
            [Section((), "one\ntwo\n\na b")],
        ),
    ],
)
def test_headings_are_kept_and_markup_goes(media_type: str, text: str, expected: list[Section]) -> None:
    assert sections(media_type, text) == expected


def test_utf_16_with_its_mark_is_read() -> None:
    assert read("text/plain", "Größe".encode("utf-16"), 100) == [Section((), "Größe")]


HUGE = 200_000


@pytest.mark.parametrize(
    ("media_type", "text"),
    [
        ("text/html", "<div>" * HUGE + "text"),
        ("text/html", "<h1>" * HUGE + "text"),
        ("text/html", "<h1>a</h1><h6>b</h6>" * (HUGE // 4) + "text"),
        ("text/html", "<" * HUGE + "text"),
        ("text/html", "<a " + "x='" * HUGE + "text"),
        ("text/html", "<!--" * HUGE + "text"),
        ("text/html", "<script>" * HUGE + "text"),
        ("text/html", "&" * HUGE + "text"),
        ("text/markdown", "# " + "# " * HUGE + "\ntext"),
        ("text/markdown", "a\n===\n" * (HUGE // 4) + "text"),
        ("text/markdown", "`" * HUGE + "\ntext"),
        ("text/plain", "a" + "\u0301\u0316" * HUGE + "text"),
        ("text/plain", " \n" * HUGE + "text"),
        ("text/plain", "\t " * HUGE + "text"),
    ],
)
def test_what_is_nested_or_repeated_without_end_takes_time_by_its_length_alone(media_type: str, text: str) -> None:
    begun = time.process_time()
    assert sections(media_type, text)[-1].text.endswith("text")
    assert time.process_time() - begun < 5


@settings(max_examples=50, deadline=None)
@given(st.sampled_from(("text/plain", "text/markdown", "text/html")), st.text(max_size=400))
def test_any_text_gives_clean_sections_or_a_problem(media_type: str, text: str) -> None:
    try:
        found = sections(media_type, text.encode(errors="ignore").decode())
    except Problem:
        return
    assert all(section.text == clean(section.text) != "" for section in found)


@pytest.mark.parametrize(
    ("media_type", "content", "status", "words"),
    [
        ("image/png", b"", HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "Known are text/plain, text/markdown"),
        ("text/plain", b"x" * 11, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "11 bytes and 10 are allowed"),
        ("text/plain", b"caf\xe9", HTTPStatus.BAD_REQUEST, "not valid UTF-8"),
        ("text/plain", b"PK\x03\x04", HTTPStatus.BAD_REQUEST, "a binary file"),
        ("text/html", b"<p></p>", HTTPStatus.UNPROCESSABLE_ENTITY, "holds no text"),
        ("text/plain", b" \n ", HTTPStatus.UNPROCESSABLE_ENTITY, "holds no text"),
        (PDF, b"hello", HTTPStatus.BAD_REQUEST, "not the PDF"),
    ],
)
def test_what_cannot_be_read_is_refused(media_type: str, content: bytes, status: HTTPStatus, words: str) -> None:
    problem = refused(media_type, content, 10)
    assert (problem.status, words in problem.detail) == (status, True)


def test_a_text_that_unfolds_beyond_bounds_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MOST_CHARACTERS", 1000)
    # One character of Arabic stands for eighteen.
    assert refused("text/plain", ("\ufdfa" * 100).encode()).status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE


# ---- PDF ------------------------------------------------------------------------------------------------


def made_pdf(*pages: str, titles: tuple[str, ...] = (), password: str = "") -> bytes:
    """A PDF of pages with a line of text each, and an outline that leads to the first ones."""
    from pypdf import PdfWriter
    from pypdf.generic import DecodedStreamObject, DictionaryObject, NameObject

    writer = PdfWriter()
    font = DictionaryObject({NameObject(f"/{name}"): NameObject(f"/{value}") for name, value in FONT.items()})
    for text in pages:
        page = writer.add_blank_page(300, 300)
        fonts = DictionaryObject({NameObject("/F1"): font})
        page[NameObject("/Resources")] = DictionaryObject({NameObject("/Font"): fonts})
        stream = DecodedStreamObject()
        stream.set_data(f"BT /F1 12 Tf 20 200 Td ({text}) Tj ET".encode())
        page[NameObject("/Contents")] = stream.flate_encode()
    for number, title in enumerate(titles):
        writer.add_outline_item(title=title, page_number=number)
    if password:
        writer.encrypt(password, algorithm="RC4-128")
    content = io.BytesIO()
    writer.write(content)
    return content.getvalue()


FONT = {"Type": "Font", "Subtype": "Type1", "BaseFont": "Helvetica"}


def test_a_pdf_is_read_page_by_page_under_its_outline() -> None:
    found = read(PDF, made_pdf("Alpha beta.", "Gamma.", titles=("Part one",)), 1_000_000)
    assert found == [Section(("Part one", "page 1"), "Alpha beta."), Section(("Part one", "page 2"), "Gamma.")]


def test_an_encrypted_pdf_is_refused() -> None:
    problem = refused(PDF, made_pdf("Secret.", password="owner"))
    assert (problem.status, "without a password" in problem.detail) == (HTTPStatus.UNPROCESSABLE_ENTITY, True)


def test_a_pdf_of_pictures_is_refused() -> None:
    assert "OCR" in refused(PDF, made_pdf("")).detail


def hostile_pdf(*objects: bytes) -> bytes:
    """A PDF of these objects, numbered from 1, whose first one is the catalogue; without a table of them."""
    numbered = b"".join(b"%d 0 obj\n%s\nendobj\n" % (number, body) for number, body in enumerate(objects, start=1))
    return b"%PDF-1.7\n" + numbered + b"trailer << /Root 1 0 R >>\nstartxref\n0\n%%EOF"


def stream(content: bytes) -> bytes:
    return b"<< /Length %d /Filter /FlateDecode >>\nstream\n%s\nendstream" % (len(content), content)


def bomb(megabytes: int) -> bytes:
    """A stream that unfolds a thousandfold."""
    packer = zlib.compressobj(9)
    block = b"(a) Tj " * 150_000
    return b"".join(packer.compress(block) for _ in range(megabytes)) + packer.flush()


CATALOGUE = b"<< /Type /Catalog /Pages 2 0 R >>"
ONE_PAGE = b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>"
PAGE = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] /Contents 4 0 R >>"


@pytest.mark.parametrize(
    "content",
    [
        b"%PDF-1.7\n",
        b"%PDF-1.7\n" + bytes(range(256)) * 40,
        hostile_pdf(CATALOGUE, ONE_PAGE, PAGE, stream(bomb(300))),
        hostile_pdf(CATALOGUE, b"<< /Type /Pages /Kids [2 0 R 2 0 R] /Count 2 >>"),
        hostile_pdf(CATALOGUE, b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>", b"<< /Type /Pages /Kids [2 0 R] >>"),
        hostile_pdf(CATALOGUE, b"[" * 100_000 + b"]" * 100_000),
        hostile_pdf(CATALOGUE, ONE_PAGE, PAGE, b"<< /Length 99999999999 >>\nstream\nx\nendstream"),
    ],
    ids=["cut", "noise", "bomb", "loop", "long-loop", "nested", "length"],
)
def test_a_hostile_pdf_is_one_clear_problem(content: bytes) -> None:
    problem = refused(PDF, content)
    assert problem.status in (HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    assert problem.detail


def test_a_pdf_that_keeps_the_reader_busy_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf, "MOST_SECONDS", 0.05)
    assert refused(PDF, made_pdf("Alpha.")).detail == pdf.UNREADABLE


def test_the_reader_of_pdf_has_no_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    seen: list[dict[str, str]] = []

    def run(*_: object, env: dict[str, str], **__: object) -> None:
        seen.append(env)
        raise subprocess.SubprocessError

    monkeypatch.setattr(subprocess, "run", run)
    refused(PDF, b"%PDF-")
    assert "secret" not in seen[0].values()
