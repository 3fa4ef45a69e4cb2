"""A browser, the page and scripted models, once for all tests of a worker; each test is a user of its own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.browser.a_run import make_runs
from tests.browser.bedrock import ScriptedModels
from tests.browser.chromium import ARGUMENTS, chromium
from tests.browser.deployment import page as serve_page
from tests.browser.deployment import prepare, wait_for_quiet
from tests.browser.users import PAGE_HOST, User, UserPool
from twin.emulator import Emulator
from twin.processes.ports import free_port

# A machine that does other things as well answers late; what is right is right then too.
PATIENCE_MS = 30_000
expect.set_options(timeout=PATIENCE_MS)


@pytest.fixture(scope="session")
def page_port() -> int:
    """Where the page is served for people who sign in; browsers find it under the name of a distribution."""
    return free_port()


# Playwright keeps a loop running in the thread of the tests: other packages' tests cannot run one of theirs beside it.
@pytest.fixture(scope="package")
def browser(page_port: int) -> Iterator[Browser]:
    """A Chromium that runs for the tests of this package."""
    found = chromium()
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=found.executable,
            args=[*ARGUMENTS, f"--host-resolver-rules=MAP {PAGE_HOST} 127.0.0.1:{page_port}"],
            env=dict(found.environment),
        )
        yield started
        started.close()


@pytest.fixture(scope="session")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """The services that the gateway keeps things in."""
    with Emulator(tmp_path_factory.mktemp("browser")) as running:
        prepare(running)
        yield running


@pytest.fixture(scope="session")
def runs(emulator: Emulator) -> None:
    """Two runs of the workflow: one that has finished, one that goes on."""
    make_runs(emulator)


@pytest.fixture(scope="session")
def model_server() -> Iterator[ScriptedModels]:
    """The models, for all tests."""
    with ScriptedModels() as running:
        yield running


@pytest.fixture(scope="session")
def served() -> set[str]:
    """Where the page is served by now."""
    return set()


@pytest.fixture
def models(model_server: ScriptedModels, served: set[str]) -> Iterator[ScriptedModels]:
    """The models, with nothing said yet, and nobody on the way to them who asked for another test."""
    model_server.forget()
    yield model_server
    for address in served:
        wait_for_quiet(address)
    model_server.forget()


@pytest.fixture(scope="session")
def pool(
    emulator: Emulator,
    model_server: ScriptedModels,
    page_port: int,
    tmp_path_factory: pytest.TempPathFactory,
    served: set[str],
) -> Iterator[UserPool]:
    """The page for people who sign in, and who they may be."""
    pool = UserPool(emulator)
    with serve_page(emulator, model_server.url, pool.config(), tmp_path_factory.mktemp("site"), page_port) as url:
        served.add(url)
        yield pool
        served.remove(url)


@pytest.fixture(scope="session")
def address(pool: UserPool) -> str:
    """Where the page is, for browsers."""
    return str(pool.page)


@pytest.fixture(scope="session")
def open_address(
    emulator: Emulator, model_server: ScriptedModels, tmp_path_factory: pytest.TempPathFactory, served: set[str]
) -> Iterator[str]:
    """Where the page is that asks nobody to sign in."""
    with serve_page(emulator, model_server.url, {"authorization": "none"}, tmp_path_factory.mktemp("open")) as url:
        served.add(url)
        yield url
        served.remove(url)


# What is scripted for one test must not be taken by what another one has asked: its pages are closed by then.
@pytest.fixture
def stranger(browser: Browser, models: ScriptedModels) -> Iterator[BrowserContext]:
    """A fresh profile of nobody's."""
    made = browser.new_context(
        permissions=["clipboard-read", "clipboard-write"], viewport={"width": 1280, "height": 860}
    )
    made.set_default_timeout(PATIENCE_MS)
    yield made
    made.close()


@pytest.fixture
def user(pool: UserPool) -> User:
    """Who sits before the browser."""
    return pool.somebody()


@pytest.fixture
def context(stranger: BrowserContext, user: User) -> BrowserContext:
    """The profile of somebody who is signed in, and whom no other test knows."""
    sign_in_silently(stranger, user)
    return stranger


def sign_in_silently(context: BrowserContext, user: User) -> None:
    """Let a profile's pages find the session that the user began elsewhere."""
    context.add_init_script(
        f"if (location.host) sessionStorage['fourfold.refresh'] ??= {json.dumps(user.refresh_token)};"
    )


@pytest.fixture
def page(context: BrowserContext, address: str, models: ScriptedModels) -> Iterator[Page]:
    """The page, opened; a script error or a breach of its policy fails the test."""
    opened = context.new_page()
    with undisturbed(opened):
        opened.goto(address)
        yield opened


@contextmanager
def undisturbed(page: Page) -> Iterator[None]:
    """Fail at the end where a script failed, or where the page's policy was broken."""
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda message: wrong.append(message.text) if "Content Security" in message.text else None)
    yield
    assert not wrong
