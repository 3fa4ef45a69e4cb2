"""How to read the page, and what only the data's owner can say.

The questions are those of datasheets for datasets (Gebru and others, 2018), as far as no run can answer them.
"""

from pipelines.preparation.card.elements import Html, note, section, tag

QUESTIONS = {
    "Motivation": "Why was the data collected, by whom, and who paid for it?",
    "Collection": "Where does each raw file come from, over what time, and how was it chosen? Did the people in it or "
    "behind it know and agree?",
    "Labelling": "Who wrote the targets, with which instructions, and how far do two of them agree?",
    "Licence": "Under which terms may the texts be used, for training too, and may they be passed on?",
    "Uses": "What is the model for? For what should it not be used, with this data behind it?",
    "Upkeep": "Who answers for the data, how is an error reported, and when is the data to be deleted?",
}


def reading() -> Html:
    """Return how to read the figures."""
    facts = {
        "Records": "are counted where they are judged, where they are written and by a pass of their own over the raw "
        "files; a run whose counts differ commits nothing.",
        "Words": "are runs of letters and digits; in scripts that write without spaces each character is one.",
        "Quarantine": "holds what was rejected: a line with its reason, its file and line, and its text, which nobody "
        "has cleaned of personal data. Whoever may read this page need not be allowed to read that.",
        "Splits": "follow from a hash of the text and a seed. Near-duplicates are on one side.",
        "Examples": "are drawn by a hash, not picked.",
    }
    return section(
        "reading",
        "How to read this",
        tag("dl", *(part for word, fact in facts.items() for part in (tag("dt", word), tag("dd", fact)))),
    )


def questions() -> Html:
    """Return what a run cannot know."""
    return section(
        "questions",
        "What only you can say",
        note("The page is made of what the run counted. A datasheet answers these, too:"),
        tag("dl", *(part for word, asked in QUESTIONS.items() for part in (tag("dt", word), tag("dd", asked)))),
    )
