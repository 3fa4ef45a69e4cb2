"""Documents: added from files and by pasting, listed, asked with citations, removed; nobody else sees them."""

from __future__ import annotations

import time

import pytest
from playwright.sync_api import Browser, FilePayload, Page, expect

from lambdas.gateway.routes.documents import LEAST_SECONDS
from tests.browser.announcements import LISTEN, said, wait_to_hear
from tests.browser.bedrock import ScriptedModels
from tests.browser.chatting import open_chat
from tests.browser.conftest import sign_in_silently
from tests.browser.deployment import LIMITS
from tests.browser.users import UserPool

RETENTION = "Raw records are kept for ninety days. Quarantined records are kept for thirty days."


@pytest.fixture(autouse=True)
def in_documents(page: Page, address: str) -> None:
    page.goto(f"{address}/#/documents")


def add(page: Page, name: str, text: str) -> None:
    with page.expect_file_chooser() as choosing:
        page.get_by_role("button", name="Choose files").click()
    choosing.value.set_files({"name": name, "mimeType": "", "buffer": text.encode()})


def ask(page: Page, question: str) -> None:
    page.get_by_label("Question").fill(question)
    page.keyboard.press("Enter")


def test_a_file_is_added_listed_and_removed(page: Page) -> None:
    expect(page.get_by_text("No documents yet.")).to_be_visible()
    add(page, "retention.md", f"# Retention\n\n{RETENTION}")
    expect(page.get_by_text("retention.md", exact=True)).to_be_visible()
    expect(page.get_by_text("1 passage ·")).to_be_visible()
    page.reload()
    page.get_by_role("button", name="Remove retention.md").click()
    page.get_by_role("alertdialog").get_by_role("button", name="Remove").click()
    expect(page.get_by_text("No documents yet.")).to_be_visible()


def test_a_pasted_text_is_added(page: Page) -> None:
    page.get_by_text("Or paste a text").click()
    page.get_by_label("Name", exact=True).fill("Retention")
    page.get_by_label("Text", exact=True).fill(RETENTION)
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_role("button", name="Remove Retention")).to_be_visible()


def test_a_document_shows_how_many_of_its_passages_are_read_and_says_so_now_and_then(
    page: Page, models: ScriptedModels
) -> None:
    owls, storks = models.hold_embedding("Owls"), models.hold_embedding("Storks")
    page.evaluate(LISTEN)
    page.clock.install()
    add(page, "birds.md", "# A\n\nHerons wait.\n\n# B\n\nOwls hunt.\n\n# C\n\nStorks walk.")
    main, bar = page.get_by_role("main"), page.get_by_role("progressbar", name="Passages of birds.md that are read")
    expect(main.get_by_text("Reading birds.md: 1 of 3 passages")).to_be_visible()
    expect(bar).to_have_js_property("value", 1)
    assert not any("passages" in words for words in said(page))
    page.clock.fast_forward(20_000)
    # What comes sooner after the event before it is not told.
    time.sleep(2 * LEAST_SECONDS)
    owls.set()
    expect(main.get_by_text("Reading birds.md: 2 of 3 passages")).to_be_visible()
    wait_to_hear(page, "birds.md: 2 of 3 passages are read.")
    storks.set()
    expect(page.get_by_role("button", name="Remove birds.md")).to_be_visible()
    expect(bar).to_have_count(0)
    wait_to_hear(page, "birds.md is added: 3 passages.")


def test_a_document_that_fails_while_it_is_read_says_so_and_is_not_shown_as_one_that_goes_on(
    page: Page, models: ScriptedModels
) -> None:
    page.route(
        "**/api/v1/documents",
        lambda route: (
            route.continue_()
            if route.request.method == "GET"
            else route.fulfill(
                content_type="text/event-stream",
                body='event: progress\ndata: {"done": 3, "total": 9}\n\nevent: error\n'
                'data: {"status": 413, "title": "Request Entity Too Large", "detail": "Divide the document."}\n\n',
            )
        ),
    )
    add(page, "birds.md", "Owls hunt.")
    problem = page.get_by_role("alert")
    expect(problem.get_by_text("birds.md was not added")).to_be_visible()
    expect(problem.get_by_text("Divide the document.")).to_be_visible()
    expect(page.get_by_text("Reading birds.md")).to_have_count(0)


def test_a_file_of_a_word_processor_says_how_it_can_be_added(page: Page) -> None:
    add(page, "report.docx", "PK")
    expect(page.get_by_role("alert").get_by_text("Save it as PDF, and add that.")).to_be_visible()


def test_a_file_that_is_no_document_says_so(page: Page) -> None:
    add(page, "program.exe", "MZ")
    problem = page.get_by_role("alert")
    expect(problem.get_by_text("program.exe was not added")).to_be_visible()
    expect(problem.get_by_text("Add text, Markdown, HTML or PDF.")).to_be_visible()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "notes.txt is empty."),
        ("a" * (LIMITS["document_bytes"] + 1), "notes.txt has 5,000,001 bytes, and 5,000,000 are allowed."),
    ],
    ids=["empty", "too large"],
)
def test_a_file_that_the_gateway_would_refuse_is_not_sent(page: Page, text: str, said: str) -> None:
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.method) if "/api/" in request.url else None)
    expect(page.get_by_text("PDF, of at most 5 MB each.")).to_be_visible()
    add(page, "notes.txt", text)
    problem = page.get_by_role("alert")
    expect(problem.get_by_text("notes.txt was not added")).to_be_visible()
    expect(problem.get_by_text(said)).to_have_count(1)
    assert "POST" not in sent


def test_what_was_not_added_can_be_closed_one_by_one_and_all_at_once(page: Page) -> None:
    files: list[FilePayload] = [{"name": f"{name}.exe", "mimeType": "", "buffer": b"MZ"} for name in ("a", "b", "c")]
    with page.expect_file_chooser() as choosing:
        page.get_by_role("button", name="Choose files").click()
    choosing.value.set_files(files)
    alerts = page.get_by_role("alert")
    expect(alerts).to_have_count(3)
    first, second = (alerts.nth(place).bounding_box() for place in range(2))
    assert first is not None
    assert second is not None
    assert second["y"] - first["y"] - first["height"] >= 8
    page.get_by_role("button", name="Close: b.exe was not added").press("Enter")
    expect(alerts).to_have_count(2)
    expect(page.get_by_role("button", name="Close: a.exe was not added")).to_be_focused()
    page.get_by_role("button", name="Close all").press("Enter")
    expect(alerts).to_have_count(0)
    expect(page.get_by_role("heading", name="Your documents")).to_be_focused()


def test_a_document_that_is_there_already_or_has_the_name_of_another_is_told_of(page: Page) -> None:
    # What the page shows, which is said as well.
    main, held = page.get_by_role("main"), page.get_by_role("button", name="Remove")
    add(page, "notes.md", RETENTION)
    expect(held).to_have_count(1)
    expect(main.get_by_text("already")).to_be_hidden()
    add(page, "notes.md", RETENTION)
    expect(main.get_by_text("notes.md was there already: it is kept once.")).to_be_visible()
    add(page, "copy.md", RETENTION)
    expect(main.get_by_text("copy.md was there already, as notes.md: it is kept once.")).to_be_visible()
    expect(held).to_have_count(1)
    add(page, "notes.md", "Another text.")
    expect(main.get_by_text("Another document is called notes.md too. Both are kept")).to_be_visible()
    expect(held).to_have_count(2)


def test_a_pasted_text_of_blanks_is_not_sent(page: Page) -> None:
    page.get_by_text("Or paste a text").click()
    page.get_by_label("Name", exact=True).fill("Blank")
    page.get_by_label("Text", exact=True).fill("  ")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_role("alert").get_by_text("The text is empty.")).to_be_visible()


def test_an_answer_cites_the_passage_that_it_stands_on(page: Page, models: ScriptedModels) -> None:
    add(page, "retention.md", RETENTION)
    expect(page.get_by_text("1 passage ·")).to_be_visible()
    page.get_by_label("Model", exact=True).select_option("small")
    models.say("small", "Ninety days [1].")
    ask(page, "How long are raw records kept?")
    expect(page.locator(".found .answer-text")).to_have_text("Ninety days [1].")
    cited = page.locator(".passages .cited")
    expect(cited.get_by_text("retention.md")).to_be_visible()
    expect(cited.get_by_text("kept for ninety days")).to_be_visible()


def test_an_answer_that_cites_nothing_is_said_to_be_none_and_can_be_judged(page: Page, models: ScriptedModels) -> None:
    add(page, "retention.md", RETENTION)
    expect(page.get_by_text("1 passage ·")).to_be_visible()
    page.get_by_label("Model", exact=True).select_option("small")
    models.say("small", "A fortnight.")
    ask(page, "How long are raw records kept?")
    expect(page.locator(".note").get_by_text("Not an answer from your documents")).to_be_visible()
    page.get_by_role("button", name="Bad answer").click()
    page.locator(".rating-form [type=submit]").click()
    expect(page.get_by_text("Thank you.")).to_be_visible()
    page.get_by_role("link", name="Feedback", exact=True).first.click()
    expect(page.get_by_role("main").get_by_role("listitem").get_by_text("Bad", exact=True)).to_be_visible()


def test_a_question_that_nothing_answers_is_not_answered(page: Page, models: ScriptedModels) -> None:
    add(page, "retention.md", RETENTION)
    expect(page.get_by_text("1 passage ·")).to_be_visible()
    ask(page, "Zebras graze near Nairobi?")
    expect(page.locator(".unanswered")).to_be_visible()
    expect(page.locator(".note").get_by_text("Nothing in your documents fits this question")).to_be_visible()
    expect(page.locator(".figures")).to_have_count(0)
    expect(page.get_by_role("button", name="Good answer")).to_have_count(0)
    assert models.asked == [], "a model was asked with nothing to stand on"


def test_a_new_question_is_not_shown_as_one_that_nothing_answers(page: Page, models: ScriptedModels) -> None:
    add(page, "retention.md", RETENTION)
    expect(page.get_by_text("1 passage ·")).to_be_visible()
    page.get_by_label("Model", exact=True).select_option("small")
    ask(page, "Who won the World Cup in 1954?")
    expect(page.locator(".found .unanswered")).to_have_count(1)
    answer = models.hold("small", "Ninety days [1].")
    ask(page, "How long are raw records kept?")
    assert answer.begun.wait(30)
    expect(page.locator(".found .unanswered")).to_have_count(0)
    answer.allow()
    expect(page.locator(".found .answer-text")).to_have_text("Ninety days [1].")


def test_chat_answers_from_the_documents_and_shows_its_sources(
    page: Page, address: str, models: ScriptedModels
) -> None:
    add(page, "retention.md", RETENTION)
    expect(page.get_by_text("1 passage ·")).to_be_visible()
    open_chat(page, address)
    page.get_by_label("From my documents").check()
    models.say("small", "Ninety days [1].")
    page.get_by_label("Message", exact=True).fill("How long are raw records kept?")
    page.keyboard.press("Enter")
    page.get_by_text("1 source").click()
    expect(page.locator(".sources .cited").get_by_text("kept for ninety days")).to_be_visible()
    expect(page.locator(".note").get_by_text("Not an answer from your documents")).to_be_hidden()


def test_chat_says_that_the_documents_do_not_answer(page: Page, address: str, models: ScriptedModels) -> None:
    open_chat(page, address)
    page.get_by_label("From my documents").check()
    page.get_by_label("Message", exact=True).fill("Who won the World Cup in 1954?")
    page.keyboard.press("Enter")
    expect(page.get_by_text("The documents do not answer this.", exact=True)).to_be_visible()
    expect(
        page.locator(".note").get_by_text("Nothing in your documents fits this question, so no model was asked.")
    ).to_be_visible()
    assert models.asked == [], "a model was asked with nothing to stand on"


def test_chat_says_that_an_answer_cites_no_passage(page: Page, address: str, models: ScriptedModels) -> None:
    add(page, "retention.md", RETENTION)
    expect(page.get_by_text("1 passage ·")).to_be_visible()
    open_chat(page, address)
    page.get_by_label("From my documents").check()
    models.say("small", "A fortnight.")
    page.get_by_label("Message", exact=True).fill("How long are raw records kept?")
    page.keyboard.press("Enter")
    expect(page.locator(".note").get_by_text("Not an answer from your documents")).to_be_visible()


def test_nobody_else_sees_them(page: Page, browser: Browser, address: str, pool: UserPool) -> None:
    add(page, "retention.md", RETENTION)
    expect(page.get_by_role("button", name="Remove retention.md")).to_be_visible()
    other = browser.new_context()
    sign_in_silently(other, pool.somebody())
    theirs = other.new_page()
    theirs.goto(f"{address}/#/documents")
    expect(theirs.get_by_text("No documents yet.")).to_be_visible()
    other.close()
