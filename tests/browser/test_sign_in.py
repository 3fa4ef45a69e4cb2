"""Sign-in by Cognito's managed login: what is kept where, what a reload keeps, and how it ends."""

from __future__ import annotations

from typing import Literal
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import BrowserContext, Page, Request, expect

from tests.browser.axe import violations
from tests.browser.conftest import undisturbed
from tests.browser.signing_in import sign_in
from tests.browser.users import User


@pytest.fixture
def asked(stranger: BrowserContext) -> list[Request]:
    found: list[Request] = []
    stranger.on("request", lambda request: found.append(request))
    return found


def test_somebody_signs_in_and_comes_back_to_where_they_were(
    stranger: BrowserContext, address: str, user: User, asked: list[Request]
) -> None:
    page = stranger.new_page()
    with undisturbed(page):
        page.goto(f"{address}/#/usage")
        expect(page.get_by_role("heading", name="Fourfold")).to_be_visible()
        sign_in(page, user)
        expect(page.get_by_role("heading", name="Usage")).to_be_visible()
        expect(page.get_by_text(user.email).first).to_be_visible()
        assert page.url == f"{address}/#/usage", "the code must not stay in the address"
    begun = parse_qs(urlsplit(next(one.url for one in asked if "/oauth2/authorize" in one.url)).query)
    assert begun["code_challenge_method"] == ["S256"]
    assert "client_secret" not in begun
    api = [one for one in asked if "/api/v1/" in one.url]
    assert api
    assert all(one.headers["authorization"].startswith("Bearer ey") for one in api)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_sign_in_is_for_everybody_also_when_the_password_was_wrong(
    stranger: BrowserContext, address: str, theme: Literal["light", "dark"]
) -> None:
    page = stranger.new_page()
    page.emulate_media(color_scheme=theme)
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto(address)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_label("Email").fill("nobody@example.org")
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_text("Incorrect username or password")).to_be_visible()
    assert violations(page) == []


def test_only_the_refresh_token_is_kept_and_in_this_tab_alone(
    stranger: BrowserContext, address: str, user: User
) -> None:
    page = stranger.new_page()
    page.goto(address)
    sign_in(page, user)
    expect(page.get_by_role("heading", name="Summarize")).to_be_visible()
    assert page.evaluate("Object.keys(sessionStorage)") == ["fourfold.refresh"]
    assert page.evaluate("Object.keys(localStorage)") == []
    assert stranger.cookies(address) == [] or all("token" not in cookie["name"] for cookie in stranger.cookies(address))
    page.reload()
    expect(page.get_by_role("heading", name="Summarize")).to_be_visible()
    other = stranger.new_page()
    other.goto(address)
    expect(other.get_by_role("button", name="Sign in")).to_be_visible()


def test_an_answer_that_this_tab_did_not_ask_for_is_refused(
    stranger: BrowserContext, address: str, asked: list[Request]
) -> None:
    page = stranger.new_page()
    page.goto(f"{address}/?code=stolen&state=guessed")
    expect(page.get_by_role("alert")).to_have_text("The sign-in was not begun in this tab.")
    assert "code" not in page.url
    assert not any("/oauth2/token" in one.url for one in asked)


def test_a_refused_sign_in_says_why(stranger: BrowserContext, address: str) -> None:
    page = stranger.new_page()
    page.goto(address)
    page.get_by_role("button", name="Sign in").click()
    expect(page.locator("input[name=username]")).to_be_visible()
    state = page.evaluate("new URLSearchParams(location.search).get('state')")
    page.goto(f"{address}/?error=access_denied&error_description=User+is+not+confirmed&state={state}")
    expect(page.get_by_role("alert")).to_have_text("User is not confirmed")


def test_sign_out_forgets_the_tokens_and_ends_the_logins_own_session(
    stranger: BrowserContext, address: str, user: User, asked: list[Request]
) -> None:
    page = stranger.new_page()
    page.goto(address)
    sign_in(page, user)
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    assert page.evaluate("Object.keys(sessionStorage)") == []
    ended = [urlsplit(one.url).path for one in asked if urlsplit(one.url).path in ("/oauth2/revoke", "/logout")]
    assert ended == ["/oauth2/revoke", "/logout"]


def test_who_goes_back_after_signing_out_sees_nothing_of_what_was_there(
    stranger: BrowserContext, address: str, user: User
) -> None:
    page = stranger.new_page()
    page.goto(address)
    sign_in(page, user)
    page.get_by_role("textbox", name="Text").fill("A secret.")
    page.route("**/logout?*", lambda route: route.fulfill(status=204))  # with which a browser stays where it is
    with page.expect_response("**/logout?*"):
        page.get_by_role("button", name="Sign out").click()
    page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))")  # as out of the cache
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()


def test_a_pool_that_is_busy_ends_no_session(page: Page) -> None:
    expect(page.get_by_role("heading", name="Summarize")).to_be_visible()
    page.route("**/oauth2/token", lambda route: route.fulfill(status=503, headers={"access-control-allow-origin": "*"}))
    page.route("**/api/v1/usage", lambda route: route.fulfill(status=401, json={}))
    page.get_by_role("link", name="Usage", exact=True).click()
    expect(page.get_by_text("The sign-in is busy. Try again in a moment.")).to_be_visible()
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()


def test_a_token_that_the_api_refuses_is_renewed_and_the_request_made_again(page: Page) -> None:
    expect(page.get_by_role("heading", name="Summarize")).to_be_visible()
    refusals = iter([True])
    page.route(
        "**/api/v1/usage",
        lambda route: route.fulfill(status=401, json={}) if next(refusals, False) else route.continue_(),
    )
    with page.expect_request("**/oauth2/token"):
        page.get_by_role("link", name="Usage", exact=True).click()
    expect(page.get_by_role("heading", name="Usage")).to_be_visible()
    expect(page.get_by_text("Unauthorized")).to_have_count(0)


def test_where_nobody_signs_in_nothing_is_kept_and_the_page_says_so(
    stranger: BrowserContext, open_address: str
) -> None:
    page = stranger.new_page()
    with undisturbed(page):
        page.goto(f"{open_address}/#/chat")
        expect(page.get_by_text("Conversations are not kept: nobody signs in here.")).to_be_visible()
        page.get_by_label("Message", exact=True).fill("Hello")
        page.keyboard.press("Enter")
        expect(page.locator(".answer-text")).to_contain_text("was asked")
        for name in ("Good answer", "Bad answer", "Sign out"):
            expect(page.get_by_role("button", name=name)).to_have_count(0)
        expect(page.get_by_role("link", name="Feedback", exact=True)).to_have_count(0)
