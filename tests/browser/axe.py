"""axe-core's judgement of a page as it now stands."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page

from tests.browser.chromium import ROOT

SOURCE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
# WCAG 2.2 AA, and what axe calls good practice.
_RUN = """async () => {
  const { violations } = await axe.run(document, { resultTypes: ["violations"] });
  const where = (nodes) => nodes.map(({ target, failureSummary }) => `${target} ${failureSummary}`);
  return violations.map(({ id, help, nodes }) => ({ id, help, where: where(nodes) }));
}"""


def violations(page: Page) -> list[Any]:
    """Give what is wrong with the page for people who do not see it, or not all of it."""
    page.evaluate(SOURCE.read_text(encoding="utf-8"))
    found: list[Any] = page.evaluate(_RUN)
    return found
