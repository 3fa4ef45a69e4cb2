"""Which language a text is in, by py3langid, whose package carries its model.

A text is refused only where the languages asked for are improbable and another one is not: of short technical texts in
English ("Returns a unique deletion task identifier.") many look a little like something else, and a list of names or
a piece of code has no language that is probable at all.
The model's tables take about 130 MB and most of a second to load, once a process.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any, NamedTuple

import numpy

from pipelines.preparation.errors import InvalidArguments
from pipelines.preparation.records import Reason, Rejected

MIN_PROBABILITY = 0.05
"""Least probability of all the languages asked for together; below it a text is refused, unless the most probable
language is one of them."""
MIN_PROBABILITY_OF_ANOTHER = 0.1
"""Least probability of the language that a text is refused for."""
NO_LANGUAGE = "zxx"
"""ISO 639 code of what has no linguistic content."""

_WINDOW = 300
_WINDOWS = 3


class Language(NamedTuple):
    """The most probable language of a text, by ISO 639 code."""

    code: str
    probability: float


def check_language(text: str, languages: tuple[str, ...]) -> Language:
    """Return the language of a text; raises `Rejected` where it is in none of the languages asked for.

    Raises InvalidArguments for a language that the model does not know, and where the model is not installed.
    """
    probabilities = language_probabilities(text)
    if unknown := sorted(set(languages) - set(probabilities)):
        raise InvalidArguments(
            f"data.languages names {', '.join(unknown)}, which cannot be told apart; "
            f"choose from {', '.join(sorted(probabilities))}."
        )
    found = Language(*next(iter(probabilities.items())))
    asked = sum(probabilities[code] for code in languages)
    another = found.code not in (*languages, NO_LANGUAGE) and found.probability >= MIN_PROBABILITY_OF_ANOTHER
    if another and asked < MIN_PROBABILITY:
        raise Rejected(
            Reason.OTHER_LANGUAGE,
            f"the language is {found.code} (probability {found.probability:.2f}; {asked:.2f} for what "
            f"data.languages asks for: {', '.join(languages)})",
        )
    return found


def language_probabilities(text: str) -> Mapping[str, float]:
    """Return the probability of each language that the model knows, the most probable first."""
    return dict(_identifier().rank(glimpse(text)))


def glimpse(text: str) -> str:
    """Return what is looked at of a text: all, or of a long one its beginning, its middle and its end."""
    if len(text) <= _WINDOW * _WINDOWS:
        return text
    step = (len(text) - _WINDOW) // (_WINDOWS - 1)
    return "\n".join(text[start : start + _WINDOW] for start in range(0, step * _WINDOWS, step))


@cache
def _identifier() -> Any:
    try:
        from py3langid.langid import MODEL_FILE, LanguageIdentifier
    except ImportError as error:
        raise InvalidArguments(
            f"data.languages needs the package py3langid, which is not here ({error}). The job installs it when "
            "it is deployed with data.languages; deploy the job and its settings together."
        ) from error
    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    # In half precision, as the file has it, every look-up would convert its rows.
    identifier.nb_ptc = identifier.nb_ptc.astype(numpy.float32)
    return identifier
