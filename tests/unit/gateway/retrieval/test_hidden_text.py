"""Text of a page that its readers do not see is not read: it could be there to tell a model what to do."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lambdas.gateway.retrieval.reading import Section, read

HUGE = 100_000


def text_of(markup: str) -> str:
    return "|".join(section.text for section in read("text/html", markup.encode(), 10_000_000))


@pytest.mark.parametrize(
    "evil",
    [
        '<p style="display:none">EVIL</p>',
        "<p STYLE='color: red; DISPLAY : None !important; display: block'>EVIL</p>",
        "<p style=display:none>EVIL",
        '<span style="visibility:hidden">EVIL</span>',
        '<span style="&#100;isplay:none">EVIL</span>',
        '<p style="/* x */display:none">EVIL</p>',
        '<p style="color:red;display/*;*/:/* ; */none/**/">EVIL</p>',
        """<p style='content:"/*\\"/*"; display:/**/none'>EVIL</p>""",
        """<p style='color:\\"; content:"/*"; display:none'>EVIL</p>""",
        """<p style='content:"\n; display:/**/none; color:"'>EVIL</p>""",
        "<p style='background:url(/*); display:none'>EVIL</p>",
        "<p hidden>EVIL</p>",
        '<p\n\thidden=""\nclass="a b">EVIL</p>',
        '<div hidden><div>EVIL</div><p style="display:block">EVIL</div>',
        "<div hidden/>EVIL</div>",
        "<p hidden>EVIL",
        "<p hidden><b>EVIL<button><div>EVIL</div></button>EVIL</p>",
        "<h1 hidden>EVIL</h2>",
        "<ul><li hidden>EVIL<ul><li>EVIL</li></ul><li>item</ul>",
        "<table><tr hidden><td>EVIL</div><td>EVIL<tr><td>cell</table>",
        "<dl><dt hidden>EVIL<dd style='display:none'>EVIL</dl>",
        "<template><template>EVIL</template>EVIL</template>",
        "<div hidden><script>'</div>'</script>EVIL</div>",
        "<div hidden title='>'>EVIL</div>",
        "<img alt='' hidden>seen<input hidden>",
    ],
)
def test_what_is_plainly_hidden_is_left_out_and_what_stands_beside_it_is_kept(evil: str) -> None:
    found = text_of(f"<section>before {evil}</section><p>after</p>")

    assert "EVIL" not in found
    assert found.startswith("before")
    assert found.endswith("after")
    for kept in ("item", "cell", "seen"):
        assert (kept in found) is (kept in evil)


@pytest.mark.parametrize(
    "markup",
    [
        "<p title=hidden>SEEN</p>",
        "<p class='hidden' data-hidden=1 aria-hidden=true>SEEN</p>",
        '<p style="display:none;display:block">SEEN</p>',
        "<p style=\"content:'display:none'\">SEEN</p>",
        '<p style="display:block" style="display:none">SEEN</p>',
        '<p style="/*;display:none;*/color:red">SEEN</p>',
        '<p style="color:red;/*;display:none">SEEN</p>',
        "<p hidden>no<p>SEEN",
        "<p hidden>no<table><tr><td>SEEN</td></tr></table>",
        "<ul><li hidden>no<li>SEEN</ul>",
        "<select><option hidden>no<option>SEEN</select>",
        "<div hidden>no</div></div>SEEN",
        "<section><div hidden>no</section>SEEN",
        "<body hidden>SEEN</body>",
        "<br hidden>SEEN",
        "<hidden>SEEN</hidden>",
    ],
)
def test_what_readers_see_is_read_also_beside_what_is_hidden(markup: str) -> None:
    assert text_of(markup).removeprefix("- ") == "SEEN"


def test_a_heading_that_is_hidden_names_nothing() -> None:
    found = read("text/html", b"<h1>Owls</h1><h2 hidden>EVIL</h2><p>They hunt.</p>", 1000)

    assert found == [Section(("Owls",), "They hunt.")]


@pytest.mark.parametrize(
    "markup",
    [
        "<p hidden>" * HUGE + "</p>text",
        "<div hidden></div>" * HUGE + "text",
        "<p><table><td>" + "<div>" * HUGE + "<p>" * HUGE + "text",
        "<ul><li>" * HUGE + "</b>" * HUGE + "text",
        "<i " + "hidden " * HUGE + "></i>text",
        "<i style='" + "display:none;" * HUGE + "'></i>text",
        "<i style=" + '"' * HUGE + "></i>text",
        "<i style" + " " * HUGE + "></i>text",
        "<i style='" + "/*" * HUGE + "'></i>text",
        "<i style='" + '\\"' * HUGE + "'></i>text",
        "<i style='" + "url( " * HUGE + "'></i>text",
        "<template>" * HUGE + "</template>" * HUGE + "text",
    ],
)
def test_what_hides_or_nests_without_end_takes_time_by_its_length_alone(markup: str) -> None:
    begun = time.process_time()
    assert text_of(markup).endswith("text")
    assert time.process_time() - begun < 20


TAGS = ("p", "div", "ul", "li", "table", "tr", "td", "h1", "h2", "b", "template", "button", "br")
PIECES = st.sampled_from([*(f"<{name}>" for name in TAGS), *(f"</{name}>" for name in TAGS if name != "template")])


@settings(max_examples=200, deadline=None)
@given(st.lists(PIECES), st.sampled_from(("p", "div", "span", "section")))
def test_nothing_before_a_hidden_element_lets_its_text_be_read(before: list[str], name: str) -> None:
    assert "EVIL" not in text_of(f"seen{''.join(before)}<{name} hidden>EVIL</{name}>")
