"""Rules on the data set, its filters and its split."""

from __future__ import annotations

from collections.abc import Iterator

from cdk_app.settings.rules.rule import Breach, Subject, rule

LARGEST_HELD_OUT_SHARE = 0.5
_NOT_IN_A_TABLE = {".": "dot", ",": "comma", "\n": "line end", "\r": "line end"}
SHORT_TARGETS = ("classification", "question_answering")


@rule("data.columns.text", "data.columns.target", "data.columns.messages")
def columns_make_a_record(subject: Subject) -> Iterator[Breach]:
    """A model that reads what it should write has nothing to learn, nor has one without anything to write."""
    columns = subject.settings.data.columns
    if columns is None:
        return
    if columns.messages and (columns.text or columns.target):
        message = "a conversation has its text and its target in it"
        yield Breach(("data", "columns", "messages"), message, "Name text and target, or messages alone.")
    elif not columns.messages and not (columns.text and columns.target):
        message = "candidates are compared, and a model is tuned, on texts with their targets"
        path = ("data", "columns", "target" if columns.text else "text")
        yield Breach(path, message, "Name both columns, or the one with the messages.")
    elif columns.text and columns.text == columns.target:
        message = f"`{columns.target}` is also the text column"
        yield Breach(("data", "columns", "target"), message, "Name the column that holds the wanted answer.")


@rule("data.columns.text", "data.columns.target", "data.columns.messages")
def columns_fit_a_table(subject: Subject) -> Iterator[Breach]:
    """The columns are those of a table in the Glue catalogue, for Athena and for the rules on the raw data.

    It knows no capitals, Athena takes a dot for that of a field, and a comma divides a list of columns.
    """
    columns = subject.settings.data.columns
    named = {} if columns is None else {key: name for key, name in columns.model_dump().items() if name}
    for key, name in named.items():
        if marks := [mark for mark in _NOT_IN_A_TABLE if mark in name]:
            message = f"no table can have the column `{name}`, for its {_NOT_IN_A_TABLE[marks[0]]}"
            yield Breach(("data", "columns", key), message, "Call the column otherwise, in the data and here.")
    text, target = named.get("text", ""), named.get("target", "")
    if text != target and text.lower() == target.lower():
        message = f"`{target}` and the text column `{text}` are one column to Glue and Athena, which know no capitals"
        yield Breach(("data", "columns", "target"), message, "Call one of them otherwise, in the data and here.")


@rule("data.quality_rules.on_glue", "data.columns")
def rules_on_glue_have_columns(subject: Subject) -> Iterator[Breach]:
    """Rules stand on a table, which is made of the columns that the settings name."""
    data = subject.settings.data
    if data.quality_rules.on_glue and data.columns is None:
        path = ("data", "quality_rules", "on_glue")
        yield Breach(path, "there is no table to evaluate rules on", "Name the columns in `data.columns`.")


@rule("data.evaluation_set", "data.dataset", "data.near_duplicates.action")
def the_evaluation_set_is_kept_apart(subject: Subject) -> Iterator[Breach]:
    """What is tested on must not be what is trained on, nor nearly so."""
    data = subject.settings.data
    if data.evaluation_set and data.evaluation_set == data.dataset:
        yield Breach(
            ("data", "evaluation_set"), "it is the data set itself", "Put the test records under another prefix."
        )
    if data.evaluation_set and data.near_duplicates.action == "off":
        message = "near-duplicates of the evaluation set are found with all others, or not at all"
        yield Breach(("data", "near_duplicates", "action"), message, "Set it to drop or keep.")


@rule("data.split.stratify", "data.near_duplicates.action")
def strata_leave_near_duplicates_together(subject: Subject) -> Iterator[Breach]:
    """Each stratum has its own bounds, so spellings of one text in two strata could stand on two sides."""
    data = subject.settings.data
    if data.split.stratify != "none" and data.near_duplicates.action == "off":
        message = "a split by strata keeps near-duplicates together only where they are looked for"
        yield Breach(("data", "near_duplicates", "action"), message, "Set it to drop or keep.")


@rule("data.filters.min_words", "data.filters.max_words")
def word_limits_leave_room(subject: Subject) -> Iterator[Breach]:
    """Limits that exclude each other send every record to quarantine."""
    filters = subject.settings.data.filters
    if filters.min_words > filters.max_words:
        message = f"no text has at least {filters.min_words} and at most {filters.max_words} words"
        yield Breach(("data", "filters", "min_words"), message, "Make it smaller than `max_words`.")


@rule("data.filters.min_target_words", "data.filters.max_target_words")
def target_word_limits_leave_room(subject: Subject) -> Iterator[Breach]:
    """As for the text."""
    filters = subject.settings.data.filters
    if filters.min_target_words > filters.max_target_words:
        limits = f"at least {filters.min_target_words} and at most {filters.max_target_words}"
        path = ("data", "filters", "min_target_words")
        yield Breach(path, f"no target has {limits} words", "Make it smaller than `max_target_words`.")


@rule("data.filters.max_tokens", "tuning.enabled")
def tokens_are_those_of_a_model_that_is_tuned(subject: Subject) -> Iterator[Breach]:
    """Each model has tokens of its own, and only the one to tune has its tokenizer beside the data."""
    settings = subject.settings
    if settings.data.filters.max_tokens and not settings.tuning.enabled:
        message = "tokens are counted by the tokenizer of the model to tune, and no model is tuned"
        remedy = "Set it to 0, or `tuning.enabled` to true. `max_words` bounds texts without a tokenizer."
        yield Breach(("data", "filters", "max_tokens"), message, remedy)


@rule("task.kind", "data.filters.min_target_words")
def a_label_may_be_one_word(subject: Subject) -> Iterator[Breach]:
    """Labels and short answers are whole as they are; a bound for summaries would send most to quarantine."""
    kind, least = subject.settings.task.kind, subject.settings.data.filters.min_target_words
    if kind in SHORT_TARGETS and least > 1:
        message = f"the target of {kind} may be one word, and shorter ones than {least} are quarantined"
        yield Breach(("data", "filters", "min_target_words"), message, "Set `min_target_words: 1`.")


@rule("data.quality.thresholds.gopher_min_words", "data.quality.thresholds.gopher_max_words")
def word_limits_of_gopher_leave_room(subject: Subject) -> Iterator[Breach]:
    """As for the filters."""
    thresholds = subject.settings.data.quality.thresholds
    least, most = thresholds.gopher_min_words, thresholds.gopher_max_words
    if least > most:
        path = ("data", "quality", "thresholds", "gopher_min_words")
        message = f"no text has at least {least} and at most {most} words"
        yield Breach(path, message, "Make it smaller than `gopher_max_words`.")


@rule("data.quality.thresholds.gopher_min_word_length", "data.quality.thresholds.gopher_max_word_length")
def word_lengths_of_gopher_leave_room(subject: Subject) -> Iterator[Breach]:
    """As for the filters."""
    thresholds = subject.settings.data.quality.thresholds
    least, most = thresholds.gopher_min_word_length, thresholds.gopher_max_word_length
    if least > most:
        path = ("data", "quality", "thresholds", "gopher_min_word_length")
        message = f"no text has words of at least {least} and at most {most} characters"
        yield Breach(path, message, "Make it smaller than `gopher_max_word_length`.")


@rule("data.split.validation", "data.split.test")
def most_records_are_for_training(subject: Subject) -> Iterator[Breach]:
    """Held-out records are not trained on; more than half of them leaves too few."""
    split = subject.settings.data.split
    held_out = split.validation + split.test
    if held_out > LARGEST_HELD_OUT_SHARE:
        message = f"validation and test together hold out {held_out:.0%} of the records"
        remedy = f"Make the two shares add up to {LARGEST_HELD_OUT_SHARE} or less."
        yield Breach(("data", "split", "test"), message, remedy)


@rule("data.split.validation", "data.split.test", "data.minimum_records")
def smallest_data_set_fills_every_split(subject: Subject) -> Iterator[Breach]:
    """A gate that measures on no record at all would measure nothing."""
    data = subject.settings.data
    smallest = min(data.split.validation, data.split.test)
    if data.minimum_records * smallest < 1:
        message = f"{data.minimum_records} records would leave a split of {smallest:.0%} empty"
        remedy = f"Ask for at least {-int(-1 // smallest)} records, or enlarge the split."
        yield Breach(("data", "minimum_records"), message, remedy)


@rule("data.outputs")
def the_workflow_s_own_format_is_written(subject: Subject) -> Iterator[Breach]:
    """Training and evaluation read chat lines, whatever else is written; and each format is written once."""
    outputs = subject.settings.data.outputs
    if "chat" not in outputs:
        message = "`chat` is missing, which training and evaluation read"
        yield Breach(("data", "outputs"), message, "Add `chat` to the list.")
    if repeated := sorted({name for name in outputs if outputs.count(name) > 1}):
        yield Breach(("data", "outputs"), f"`{repeated[0]}` is named more than once", "Name each format once.")
