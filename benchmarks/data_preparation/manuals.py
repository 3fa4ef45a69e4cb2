"""Manuals out of Debian's documentation packages: a text a section.

The packages are fetched with apt and unpacked beside the results, without being installed.
"""

import gzip
import re
import shutil
import subprocess
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

from benchmarks.data_preparation.documents import pages
from benchmarks.data_preparation.folders import BENCH

PACKAGES = (
    r"^linux-doc-[0-9.]+$",
    r"^python3\.[0-9]+-doc$",
    r"^postgresql-doc-[0-9]+$",
    r"^apache2-doc$",
    r"^sqlite3-doc$",
    r"^git-doc$",
    r"^debian-reference-en$",
)
"""What is fetched, by pattern, since some names have a version in them; of several the last is taken."""

_FOLDER = BENCH / "debian"


class MissingManuals(Exception):
    """A documentation package cannot be had."""


def fetch() -> list[Path]:
    """Return the folder of each package, fetched and unpacked where it is not there yet; raises `MissingManuals`."""
    if missing := [tool for tool in ("apt-cache", "apt-get", "dpkg-deb") if not shutil.which(tool)]:
        raise MissingManuals(
            f"This machine has no {', '.join(missing)}, and the manuals are Debian packages. "
            "Run it on Debian or Ubuntu, or pass --without-manuals to go on with botocore's documentation alone."
        )
    _FOLDER.mkdir(parents=True, exist_ok=True)
    return [_fetch(pattern) for pattern in PACKAGES]


def _fetch(pattern: str) -> Path:
    names = _run("apt-cache", "search", "--names-only", pattern).split("\n")
    found = sorted((line.split(" ")[0] for line in names if line), key=_version)
    if not found:
        raise MissingManuals(
            f"apt knows no package {pattern}. Run apt-get update first, "
            "or pass --without-manuals to go on with botocore's documentation alone."
        )
    folder = _FOLDER / found[-1]
    if not folder.exists():
        partial = folder.with_name(f".{folder.name}")
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir()
        _run("apt-get", "download", found[-1], folder=partial)
        _run("dpkg-deb", "--extract", str(next(partial.glob("*.deb"))), str(partial))
        partial.rename(folder)
    return folder


def _version(name: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", name)]


def _run(*command: str, folder: Path = _FOLDER) -> str:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise MissingManuals(
            f"{' '.join(command)} failed: {done.stderr.strip()[-300:]} "
            "Pass --without-manuals to go on with botocore's documentation alone."
        )
    return done.stdout


def texts(folder: Path) -> Iterator[str]:
    """Yield the texts of one package, page by page of its HTML."""
    for path in sorted(folder.rglob("*")):
        if not path.is_symlink() and path.is_file() and re.search(r"\.html(\.en)?(\.gz)?$", path.name):
            content = path.read_bytes()
            page = (gzip.decompress(content) if path.suffix == ".gz" else content).decode("utf-8", "replace")
            reader = _Sections()
            reader.feed(page)
            for section in reader.sections:
                yield from pages(section)


class _Sections(HTMLParser):
    """The paragraphs of a page, in a list for each heading; what is not text is left out."""

    _LEFT_OUT = frozenset(("head", "script", "style", "nav", "header", "footer", "form", "pre", "table"))
    _HEADINGS = frozenset(("h1", "h2", "h3", "h4"))
    _BLOCKS = frozenset(("p", "li", "dd", "dt", "div", "section", "blockquote", "article", "body")) | _HEADINGS
    _NAVIGATION = re.compile(r"sidebar|navheader|navfooter|related|footer|breadcrumb|toc|menu", re.IGNORECASE)
    _EMPTY = frozenset(("br", "hr", "img", "input", "link", "meta", "col", "wbr", "source"))

    def __init__(self) -> None:
        super().__init__()
        self.sections: list[list[str]] = [[]]
        self._words: list[str] = []
        self._left_out: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in self._EMPTY:
            return
        if self._left_out:
            self._left_out += [tag] if tag == self._left_out[-1] else []
        elif tag in self._LEFT_OUT or self._NAVIGATION.search(dict(attrs).get("class") or ""):
            self._end_block()
            self._left_out.append(tag)
        elif tag in self._BLOCKS:
            self._end_block()
            if tag in self._HEADINGS:
                self.sections.append([])
                self._left_out.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if self._left_out:
            if tag == self._left_out[-1]:
                self._left_out.pop()
        elif tag in self._BLOCKS:
            self._end_block()

    def handle_data(self, data: str) -> None:
        if not self._left_out:
            self._words.append(data)

    def _end_block(self) -> None:
        if text := " ".join("".join(self._words).split()):
            self.sections[-1].append(text)
        self._words = []
