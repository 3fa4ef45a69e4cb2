"""Section `data`: the data set, what counts as a usable record, and how records are split."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from cdk_app.settings.languages import Language
from cdk_app.settings.quality import Quality
from cdk_app.settings.quality_rules import QualityRules
from cdk_app.settings.section import Section

DatasetName = Annotated[
    str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$", examples=["aws-api-documentation", "contracts-2026"])
]
ColumnName = Annotated[str, Field(min_length=1, max_length=255)]
Words = Annotated[int, Field(ge=1, le=1_000_000)]
Share = Annotated[float, Field(ge=0.01, le=0.5)]
Seed = Annotated[int, Field(ge=0, le=2**31 - 1)]


Output = Literal[
    "chat",
    "bedrock-prompt-completion",
    "bedrock-conversation",
    "bedrock-messages",
    "bedrock-pre-training",
    "parquet",
]


class Columns(Section):
    """Names of the columns that make a record: a text and its target, or a conversation; of a preference pair also the
    rejected answer."""

    text: ColumnName | None = None
    """Column with the text that the model reads."""

    target: ColumnName | None = None
    """Column with the text that the model should write."""

    messages: ColumnName | None = None
    """Column with a conversation, a list of turns with `role` and `content`, in the place of text and target."""

    rejected: ColumnName | None = None
    """Column with an answer that the model should like less than the target, or than a conversation's last turn: a \
text, or a conversation with the same turns before it. It makes a record a preference pair."""

    @property
    def names(self) -> tuple[str, ...]:
        """The columns that every record must have."""
        return tuple(name for name in (self.text, self.target, self.messages, self.rejected) if name)


class Filters(Section):
    """Records outside these limits go to quarantine, each with its reason."""

    min_words: Words = 5
    """Fewest words of a usable text; shorter ones are quarantined as `too_short`."""

    max_words: Words = 4000
    """Most words of a usable text; longer ones are quarantined as `too_long`."""

    min_target_words: Words = 3
    """Fewest words of a usable target; shorter ones are quarantined as `target_too_short`."""

    max_target_words: Words = 200
    """Most words of a usable target; longer ones are quarantined as `target_too_long`."""

    max_symbol_ratio: Annotated[float, Field(ge=0.01, le=1)] = 0.3
    """Largest share of symbols among the visible characters; above it: `mostly_symbols`."""

    complete_targets: bool = False
    """Quarantine a target that ends in an open bracket, a comma, a colon, a dash, an ellipsis or in a word such as \
`the`, as `target_truncated`."""

    max_tokens: Annotated[int, Field(ge=0, le=131_072)] = 0
    """Most tokens of a record, counted by the tokenizer of `tuning.model` with instruction and chat template; longer \
ones are quarantined as `too_many_tokens`. 0 counts none."""


class NearDuplicates(Section):
    """Records whose texts are nearly the same, by the Jaccard similarity of their word shingles."""

    action: Literal["drop", "keep", "off"] = "drop"
    """`drop` keeps the longest of a cluster and quarantines the others as `near_duplicate`; `keep` keeps them all in \
one split, so that none tests what another trains; `off` does not look for them."""

    similarity: Annotated[float, Field(ge=0.5, le=0.99)] = 0.7
    """Least share of common shingles of two near-duplicates."""

    shingle_words: Annotated[int, Field(ge=1, le=20)] = 5
    """Words in a row that make a shingle."""


class Split(Section):
    """How curated records are divided; what remains after validation and test is for training."""

    validation: Share = 0.1
    """Share of the records on which candidates are compared."""

    test: Share = 0.1
    """Share of the records for the final figures; nothing is ever chosen on them."""

    seed: Seed = 13
    """Seed of the division; the same seed and records give the same split."""

    stratify: Literal["none", "target", "source"] = "none"
    """What has its share on each side: each `target`, each `source` (file), at most 1,000 of them, or `none`."""


class Glue(Section):
    """Capacity of the AWS Glue job."""

    worker_type: Literal["G.1X", "G.2X", "G.4X", "G.8X", "R.1X", "R.2X", "R.4X", "R.8X"] = "G.1X"
    """Worker type: G.1X has 4 vCPU and 16 GB; R types have twice the memory."""

    workers: Annotated[int, Field(ge=2, le=299)] = 2
    """Number of workers, the driver included."""

    timeout_minutes: Annotated[int, Field(ge=5, le=10_080)] = 60
    """Minutes after which Glue stops the job."""


class Data(Section):
    """The data set and how it is prepared."""

    dataset: DatasetName
    """Name of the data set: the prefix under which its files lie in the raw bucket."""

    columns: Columns | None = None
    """The columns that make a record. Left out, they are told by well-known names, such as prompt and completion."""

    filters: Filters = Filters()
    """What counts as a usable record."""

    quality: Quality = Quality()
    """Published rules for the quality of a text."""

    languages: Annotated[tuple[Language, ...], Field(strict=False, max_length=20)] = ()
    """Languages of the texts to keep, by ISO 639 code; others are quarantined as `other_language`. Empty keeps all, \
and looks at none."""

    harmful: Literal["off", "tag", "drop"] = "off"
    """English profanity and slurs: `tag` marks the record, `drop` quarantines it as `harmful`, `off` does not look."""

    max_record_bytes: Annotated[int, Field(ge=1_000, le=100_000_000)] = 1_000_000
    """Largest record in bytes; larger ones are quarantined as `oversized`."""

    personal_data: Literal["redact", "drop", "tag", "off"] = "redact"
    """Personal data and secrets found in a record: `redact` replaces them by their type, `drop` quarantines the \
record, `tag` keeps the text and counts them by type on the record, `off` does not look for them."""

    near_duplicates: NearDuplicates = NearDuplicates()
    """Texts that are nearly the same."""

    split: Split = Split()
    """How curated records are divided into train, validation and test."""

    evaluation_set: Annotated[str, Field(pattern=r"^([a-z0-9][a-z0-9-]{0,62})?$")] = ""
    """Data set in the raw bucket that is the test set, whole, in the place of a share; what is nearly the same is not \
trained on, but quarantined as `contaminated`."""

    base_run: Annotated[str, Field(pattern=r"^([A-Za-z0-9][A-Za-z0-9_-]{0,79})?$")] = ""
    """Run to add to: its id, or `latest`. Its records stay, and only files that it has not read are prepared."""

    outputs: Annotated[tuple[Output, ...], Field(min_length=1, strict=False)] = ("chat",)
    """Formats in which the splits are written: `chat`, which training and evaluation read, and any of \
`bedrock-prompt-completion`, `bedrock-conversation`, `bedrock-messages`, `bedrock-pre-training` and `parquet`. \
docs/check_data.md shows a line of each."""

    quality_rules: QualityRules = QualityRules()
    """What the raw data set must be like as a whole."""

    minimum_records: Annotated[int, Field(ge=10, le=100_000_000)] = 100
    """Fewest curated records with which a run goes on."""

    trigger_on_new_data: bool = False
    """Start a run by itself when the marker `<dataset>/_SUCCESS` is written to the raw bucket, after the files."""

    glue: Glue = Glue()
    """Capacity of the AWS Glue job."""

    retention_days: Annotated[int, Field(ge=1, le=3650)] = 90
    """Days for which curated and quarantined records of a run are kept."""
