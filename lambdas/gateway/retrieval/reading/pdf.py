"""PDF as sections, read by pypdf in a process of its own.

A PDF is a program as much as a text: a few kilobytes can unfold to gigabytes, or keep a reader busy for hours. So it is
read where memory and time are bounded by the operating system, with no credentials in the environment, and where what
breaks takes nothing with it. The gateway itself then starts without importing pypdf at all.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from http import HTTPStatus
from typing import Any

from lambdas.gateway.problems import Problem
from lambdas.gateway.retrieval.reading.sections import Outline, Section
from lambdas.shared import log

MOST_SECONDS = 60
PROGRAM = "lambdas.gateway.retrieval.reading.pdf_program"
UNREADABLE = "The PDF cannot be read: it is damaged, or takes more memory or time than is allowed. Save it anew."
# By what the program says when it gives up.
PROBLEMS = {
    "encrypted": "The PDF is encrypted. Save it without a password.",
    "pages": "The PDF has too many pages. Divide it.",
    "characters": "The PDF has too much text. Divide it.",
    "damaged": UNREADABLE,
}
TOO_LARGE = ("pages", "characters")


def read_pdf(content: bytes) -> list[Section]:
    """Give the text of a PDF, page by page, under the headings of its outline.

    Raises:
        Problem: 400 where it is none, 413 or 422 where it cannot be read.
    """
    if b"%PDF-" not in content[:1024]:
        raise Problem(HTTPStatus.BAD_REQUEST, "The document is not the PDF that its type says.")
    found = _extracted(content)
    if problem := found.get("problem"):
        status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE if problem in TOO_LARGE else HTTPStatus.UNPROCESSABLE_ENTITY
        raise Problem(status, PROBLEMS.get(problem, UNREADABLE))
    outline = Outline()
    for number, page in enumerate(found["pages"], start=1):
        for level, title in page["headings"]:
            outline.heading(level, title)
        # A page ends a section, so that a passage can say where it stands.
        outline.heading(6, f"page {number}")
        outline.text(page["text"])
    return outline.sections()


def _extracted(content: bytes) -> dict[str, Any]:
    environment = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH", "LANG") if name in os.environ}
    try:
        done = subprocess.run(
            [sys.executable, "-B", "-m", PROGRAM],
            input=content,
            capture_output=True,
            timeout=MOST_SECONDS,
            env={**environment, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            check=True,
        )
        found: dict[str, Any] = json.loads(done.stdout)
    except (subprocess.SubprocessError, ValueError) as failure:
        said = getattr(failure, "stderr", None) or b""
        log.warning("A PDF cannot be read", reason=str(failure), said=said[-500:].decode(errors="replace"))
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, UNREADABLE) from failure
    return found
