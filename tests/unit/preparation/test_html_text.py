"""HTML to plain text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.preparation.html_text import html_to_text
from pipelines.preparation.unicode_text import normalize


def text_of(markup: str) -> str:
    return normalize(html_to_text(markup))


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("<p>One</p><p>Two</p>", "One\n\nTwo"),
        ("<b>bold</b>face and <i>more</i>", "boldface and more"),
        ("A<br>B<br/>C<br><br>D", "A\nB\nC\n\nD"),
        ("<div>One</div> <div>Two</div>", "One\nTwo"),
        ("<ul><li></li><li>One<ul><li>Inner</li></ul></li></ul>After", "- One\n\n- Inner\n\nAfter"),
        ("<dl><dt>Term</dt><dd>What it means</dd></dl>", "Term\nWhat it means"),
        ("<ul> <li> <p>One</p> </li> <li>Two</li> </ul>", "- One\n\n- Two"),
        ("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a b\nc"),
        ("<p>A\n  line\tthat goes on</p>", "A line that goes on"),
        ("<pre>one\ntwo</pre>", "one\ntwo"),
        ("<p>Fish &amp; chips &#8211; &#x201C;ok&#x201D;</p>", "Fish & chips \u2013 \u201cok\u201d"),
        ("Use <code>a&lt;b&gt;</code> here", "Use a<b> here"),
        ("text</p> <p>that begins in the middle", "text\n\nthat begins in the middle"),
        ("<a href=\"x>y\" title='a>b'>link</a>", "link"),
        ("<note> <p>Mind.</p> </note>", "Mind."),
        ("<número>7</número> <my_tag>8</my_tag>", "7 8"),
        ("a<!-- no -->b<!-- <p>", "ab<!--"),
        ("<!DOCTYPE html><html><head><title>T</title></head><body>B</body></html>", "B"),
        ("a<script>if (x<b) { '<p>' }</script>b<style>p {}</style>c", "abc"),
    ],
)
def test_markup_becomes_readable_text(markup: str, text: str) -> None:
    assert text_of(markup) == text


@pytest.mark.parametrize(
    "text",
    [
        "if a < b and c > d",
        "a List<String> of <john.doe@example.com>",
        "two\nlines",
        "https://example.com/?a=1&copy=2&lt",
        "<3 and <- and <>",
    ],
)
def test_what_only_looks_like_markup_is_kept(text: str) -> None:
    assert html_to_text(text) == text


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("Use the <style> element to give pages a look.", "Use the <style> element to give pages a look."),
        ("<p>The <title> and <svg>.</p><p>More</p>", "The <title> and <svg>.\n\nMore"),
        ("<style>p {}</style>In <style> stands how.", "In <style> stands how."),
        ("before <svg width='1'/> after <b>it</b>", "before after it"),
        ("a <script src='x'/> b", "a b"),
        ("<html><head><meta charset='utf-8'><body>What it says", "What it says"),
    ],
)
def test_a_text_does_not_end_where_an_element_is_only_named(markup: str, text: str) -> None:
    assert text_of(markup) == text


def test_an_absurd_character_reference_stays_as_it_is() -> None:
    reference = "&#" + "9" * 10_000 + ";"
    assert html_to_text(reference) == reference


@given(
    st.lists(st.sampled_from(["<IfDefine x>", "</IfDefine>", "<figure>", "<offer/>", "</offer>", "flag ", "a<b", "\n"]))
)
def test_ligatures_in_the_names_of_elements_make_no_other_text(pieces: list[str]) -> None:
    plain = "".join(pieces)
    printed = plain.replace("fi", "\ufb01").replace("ff", "\ufb00").replace("fl", "\ufb02")
    assert text_of(printed) == text_of(plain)


@given(st.text(alphabet="<>/!-abp \"'&;=#x1\n", max_size=80))
def test_any_text_can_be_read_and_none_grows(markup: str) -> None:
    assert len(html_to_text(markup)) <= len(markup)


@given(st.text(alphabet=st.characters(exclude_characters="<&", exclude_categories=["Cs"]), max_size=80))
def test_text_without_markup_is_returned_as_it_is(text: str) -> None:
    assert html_to_text(text) == text
