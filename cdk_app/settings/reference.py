"""Writes the tables of docs/settings.md: every key, what it may be, and every model of the catalogue.

python -m cdk_app.settings.reference
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from cdk_app.catalogue import CATALOGUE, Model, SecondPrice
from cdk_app.catalogue.amounts import PER_MILLION, per_million, usd
from cdk_app.settings.declarations import Declaration, declarations
from cdk_app.settings.run import INPUT_NAMES, OVERRIDABLE

PAGE = Path(__file__).parents[2] / "docs" / "settings.md"
START = "<!-- From here on written by `python -m cdk_app.settings.reference`. -->"


def rendered_page(page: str) -> str:
    """Return the page with its tables brought up to date; what stands before them is kept."""
    head, _, _ = page.partition(START)
    return "\n".join([head.rstrip(), "", START, "", *_keys(), *_models()]) + "\n"


def _keys() -> Iterator[str]:
    yield "## Every key"
    sections = [declared for declared in declarations().values() if declared.keys]
    for section in sections:
        yield ""
        yield f"### {_heading(section)}"
        if section.path:
            yield from ("", section.description)
        yield from ("", "| key | may be | default | meaning |", "|---|---|---|---|")
        for key in section.keys:
            declared = declarations()[(*section.path, key)]
            if declared.path != ("environment",):
                yield _row(declared)


def _heading(section: Declaration) -> str:
    if not section.path:
        return "At the top"
    items = "[]" if section.type == "array" else ""
    return f"`{'.'.join(section.path)}{items}`"


def _row(declared: Declaration) -> str:
    name = ".".join(declared.path)
    override = f" Run: `{INPUT_NAMES.get(name, name)}`." if name in OVERRIDABLE else ""
    cells = [f"`{declared.path[-1]}`", _allowed(declared), _default(declared), declared.description + override]
    return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"


def _allowed(declared: Declaration) -> str:
    if declared.path[-1] == "model" and "embeddings" not in declared.path:
        return "a model below"
    if declared.choices and declared.type != "array":
        return ", ".join(f"`{choice}`" for choice in declared.choices)
    if declared.type == "array":
        return "a list"
    if declared.keys:
        return "a section"
    if declared.maximum is not None:
        return f"{declared.type}, {_number(declared.minimum)} to {_number(declared.maximum)}"
    if declared.examples:
        return f"like `{declared.examples[0]}`"
    return declared.type


def _number(value: float | None) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value}"


def _default(declared: Declaration) -> str:
    if declared.required:
        return "required"
    if declared.keys:
        return "see below"
    return f"`{json.dumps(declared.default)}`"


def _models() -> Iterator[str]:
    yield from ("", "## Models", "")
    yield "| key | provider | platform | context (tokens) | reads | USD | tunable | licence | until |"
    yield "|---|---|---|---|---|---|---|---|---|"
    for model in CATALOGUE.values():
        cells = [
            f"`{model.key}`",
            model.provider,
            model.platform,
            f"{model.context_tokens:,}",
            ", ".join(model.modalities),
            _price(model),
            "yes" if model.customizable else "no",
            model.license,
            model.end_of_life or "",
        ]
        yield "| " + " | ".join(cells) + " |"


def _price(model: Model) -> str:
    if isinstance(model.price, SecondPrice):
        return f"{usd(float(f'{model.price.usd_per_second:.3g}'))} a second"
    paid = model.price.usd_per_1k_input_tokens, model.price.usd_per_1k_output_tokens
    return "{} in, {} out {}".format(*(usd(per_million(side)) for side in paid), PER_MILLION)


if __name__ == "__main__":
    PAGE.write_text(rendered_page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
