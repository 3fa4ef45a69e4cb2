"""The same sources give the same bytes: whatever the clock, the hash seed, the account, or the way synth is started."""

from __future__ import annotations

import filecmp
import os
import re
import time
from pathlib import Path

import pytest

from cdk_app.assets import tar_gz
from tests.synth.conftest import synthesize
from tests.synth.templates import Template

STEPS = {
    "Analytics",
    "Foundation",
    "DataPreparation",
    "ModelSelection",
    "FineTuning",
    "Serving",
    "Gateway",
    "Page",
    "Operations",
    "Workflow",
}


def files_below(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_a_second_synthesis_gives_the_same_bytes_in_every_file(cloud_assembly: Path, tmp_path: Path) -> None:
    again = synthesize(tmp_path / "cdk.out", hash_seed=1)
    first, second = files_below(cloud_assembly), files_below(again)
    assert set(first) == set(second)
    assert [name for name in first if first[name] != second[name]] == []


def test_there_is_one_stack_a_step(templates: dict[str, Template]) -> None:
    assert set(templates) == STEPS


def test_templates_name_no_account_no_region_and_no_path(cloud_assembly: Path) -> None:
    for path in sorted(cloud_assembly.glob("*.template.json")):
        body = path.read_text("utf-8")
        assert str(Path.cwd()) not in body, path.name
        # Mappings list every region; what is deployed must refer to the one it is in.
        resources = body.partition('"Mappings"')[0]
        assert not re.search(r"\b(us|eu|ap|ca|sa)-[a-z]+-\d\b", resources), path.name
        assert not re.search(r"\b\d{12}\b", resources), path.name


def test_an_archive_depends_on_names_and_contents_alone(tmp_path: Path) -> None:
    archives = []
    for name, date, mode in (("first", 1_000_000_000, 0o600), ("second", time.time(), 0o755)):
        folder = tmp_path / name
        (folder / "package").mkdir(parents=True)
        for file in ("package/b.py", "package/a.py"):
            (folder / file).write_text(file)
            os.utime(folder / file, (date, date))
            (folder / file).chmod(mode)
        archives.append(tar_gz(folder))
    assert archives[0] == archives[1]


def test_an_archive_does_not_depend_on_the_order_in_which_the_disk_lists_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a.py", "b.py"):
        (tmp_path / name).write_text(name)
    listed = sorted(tmp_path.rglob("*"))
    archives = []
    for order in (listed, listed[::-1]):
        monkeypatch.setattr(Path, "rglob", lambda _, __, order=order: iter(order))
        archives.append(tar_gz(tmp_path))
    assert archives[0] == archives[1]


def test_an_archive_changes_with_its_contents(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("1")
    before = tar_gz(tmp_path)
    (tmp_path / "a.py").write_text("2")
    assert tar_gz(tmp_path) != before


@pytest.mark.parametrize("folder", ["publish_page", "resolve_run"])
def test_a_function_ships_its_own_folder_and_the_shared_one(cloud_assembly: Path, folder: str) -> None:
    assets = [path for path in cloud_assembly.glob("asset.*/lambdas") if (path / folder).is_dir()]
    (lambdas,) = assets
    assert {path.name for path in lambdas.iterdir()} == {"__init__.py", "__pycache__", folder, "shared"}
    source = Path("lambdas") / folder / "handler.py"
    assert filecmp.cmp(lambdas / folder / "handler.py", source, shallow=False)
