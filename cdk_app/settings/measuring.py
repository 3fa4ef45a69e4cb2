"""What candidates are given beside the question, and what measures their answers beside words: parts of `selection`."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from cdk_app.catalogue import CATALOGUE
from cdk_app.catalogue.embedding import EMBEDDERS
from cdk_app.settings.data import DatasetName
from cdk_app.settings.section import Section

ImportedModelId = Annotated[str, Field(pattern=r"^[a-z0-9]{12}$", examples=["a1b2c3d4e5f6"])]


class Documents(Section):
    """The collection that `retrieval` candidates find their passages in."""

    folder: DatasetName
    """Folder of the raw bucket with the documents, `.txt`, `.md` or `.jsonl` (`{"text", "title"?}` a line): \
`s3://<raw bucket>/<folder>/…`, 3 MB at most."""

    passage_words: Annotated[int, Field(ge=20, le=400)] = 120
    """Words of a passage; documents are cut between sentences."""


class Embeddings(Section):
    """The model that embeds texts: to find passages by their sense, and to compare summaries."""

    model: Annotated[str, Field(json_schema_extra={"enum": list(EMBEDDERS)})]
    """Key of an embedding model in the catalogue."""

    imported_model_id: ImportedModelId | None = None
    """Id of your import, for an open model."""


class Judge(Section):
    """The model that compares two answers, for `metric: judge`."""

    model: Annotated[str, Field(json_schema_extra={"enum": list(CATALOGUE)})]
    """Key of a model in the catalogue that is no candidate."""

    imported_model_id: ImportedModelId | None = None
    """Id of your import, for a model of platform `bedrock-import`."""

    agreement: Annotated[float, Field(ge=0.75, le=1.0)] = 0.85
    """Share of the built-in pairs of a better and a worse answer of which the judge must name the better one, in \
both orders, before it is trusted."""

    rubric: Annotated[str, Field(max_length=600)] = ""
    """What makes an answer better, in your words; left out, correctness, completeness, instructions, brevity."""
