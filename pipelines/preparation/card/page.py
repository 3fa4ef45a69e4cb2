"""The whole page: one file, no script, no request to anywhere, and the same bytes for the same manifest."""

import base64
import hashlib
from typing import Any

from pipelines.preparation.card.composition import composition
from pipelines.preparation.card.duplicates import duplicates
from pipelines.preparation.card.elements import Html, join, tag
from pipelines.preparation.card.groups import groups
from pipelines.preparation.card.overview import funnel, header
from pipelines.preparation.card.provenance import files, settings
from pipelines.preparation.card.reading import questions, reading
from pipelines.preparation.card.rejected import personal_data, rejected
from pipelines.preparation.card.style import STYLE

CONTENTS = {
    "funnel": "Funnel",
    "composition": "Records",
    "duplicates": "Duplicates",
    "rejected": "Rejected",
    "personal-data": "Personal data",
    "groups": "Bias",
    "files": "Files",
    "settings": "Settings",
    "reading": "Reading",
    "questions": "Open questions",
}


def render_card(manifest: dict[str, Any]) -> str:
    """Return the data card of a run as one HTML page.

    Args:
        manifest: as `build_manifest` returns it, with `profile` as `Profile.to_json` returns it.
    """
    title = f"Data card · {manifest['dataset']} · {manifest['run_id']}"
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", http_equiv="Content-Security-Policy", content=_policy(STYLE)),
        tag("title", title),
        tag("style", Html(STYLE)),
    )
    body = tag("body", header(manifest), _contents(), tag("main", *_sections(manifest)), _footer(manifest))
    return f"<!doctype html>\n{tag('html', head, body, lang='en')}\n"


def _sections(manifest: dict[str, Any]) -> list[Html]:
    return [
        funnel(manifest),
        composition(manifest),
        duplicates(manifest),
        rejected(manifest),
        personal_data(manifest),
        groups(manifest),
        files(manifest),
        settings(manifest),
        reading(),
        questions(),
    ]


def _policy(style: str) -> str:
    """Allow the page's own style by its hash, and nothing else at all."""
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"


def _contents() -> Html:
    links = (tag("a", words, href=f"#{name}") for name, words in CONTENTS.items())
    return tag("nav", join(links), aria_label="Contents")


def _footer(manifest: dict[str, Any]) -> Html:
    return tag(
        "footer",
        tag(
            "p",
            "Made out of ",
            tag("code", "manifest.json"),
            f" of run {manifest['run_id']}, which has these figures too.",
        ),
    )
