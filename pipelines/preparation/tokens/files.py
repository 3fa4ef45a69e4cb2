"""The files in S3 that say how the base model writes a conversation and divides it into tokens.

They lie in the folder that the training job reads as well. What travels to the executors is where they are and their
etags, so that every process reads the files that the driver has seen.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from pipelines.preparation.errors import NoTokenizer
from pipelines.preparation.storage import Bucket, StoredObject

TOKENIZER, CONFIGURATION = "tokenizer.json", "tokenizer_config.json"
TEMPLATE, SPECIAL_TOKENS = "chat_template.jinja", "special_tokens_map.json"
_NEEDED = (TOKENIZER, CONFIGURATION)
READ = (*_NEEDED, TEMPLATE, SPECIAL_TOKENS)
_REMEDY = (
    "Put the base model's folder there (docs/deploying.md, before the first run), or deploy with "
    "data.filters.max_tokens: 0, which counts no tokens."
)


@dataclass(frozen=True, slots=True)
class TokenizerFiles:
    """Where the files are, as a listing showed them."""

    bucket: Bucket
    objects: tuple[StoredObject, ...]

    @property
    def place(self) -> str:
        """The folder, as people write it."""
        return f"s3://{self.bucket.name}/{self.objects[0].key.rpartition('/')[0]}/"

    def read(self) -> dict[str, bytes]:
        """Return the contents by name; raises `UnreadableObject` where a file is no longer the one that was listed."""
        return {_name(stored): self.bucket.open(stored).read() for stored in self.objects}


def find_tokenizer(base_model: str) -> TokenizerFiles:
    """Find the tokenizer's files under the S3 URI of the base model's folder.

    Raises `NoTokenizer` where the URI is none, or one of the files is not there.
    """
    scheme, _, rest = base_model.partition("://")
    name, _, folder = rest.strip("/").partition("/")
    if scheme != "s3" or not name or not folder:
        raise NoTokenizer(
            f"--base_model is {base_model!r}, and data.filters.max_tokens needs the S3 URI of the base model's folder. "
            "The job has it when it is deployed with data.filters.max_tokens; deploy the job and its settings together."
        )
    return tokenizer_in(Bucket(name), f"{folder}/")


def tokenizer_in(bucket: Bucket, folder: str) -> TokenizerFiles:
    """Find the tokenizer's files in a folder of a bucket; raises `NoTokenizer` where one is not there."""
    found = {stored.key.removeprefix(folder): stored for stored in bucket.objects(folder)}
    if missing := [name for name in _NEEDED if name not in found]:
        raise NoTokenizer(f"s3://{bucket.name}/{folder} has no {' and no '.join(missing)}. {_REMEDY}")
    return TokenizerFiles(bucket, tuple(found[name] for name in READ if name in found))


def fingerprint(contents: Mapping[str, bytes]) -> dict[str, str]:
    """Return the SHA-256 of each file, by its name."""
    return {name: hashlib.sha256(content).hexdigest() for name, content in sorted(contents.items())}


def _name(stored: StoredObject) -> str:
    return stored.key.rpartition("/")[2]
