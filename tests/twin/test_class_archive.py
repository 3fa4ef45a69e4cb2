"""Spark starts from an archive of its classes where there is one, and without it where there is none."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from twin.glue import make_class_archive
from twin.glue.class_archive import JAVA, SPARK, launcher_options, spark_options
from twin.glue.make_class_archive import make
from twin.glue.spark import spark_environment

COUNT = "from pyspark import SparkContext; print(SparkContext.getOrCreate().parallelize(range(7), 2).count())"


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("share")
    make(folder)
    return folder


def counted(folder: Path, jvm: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.environ["PATH"], **spark_environment(folder, [], 1, {}, jvm_options=jvm)}
    return subprocess.run([sys.executable, "-c", COUNT], env=environment, capture_output=True, text=True, check=False)


def test_sparks_jvm_maps_the_archive(archive: Path, tmp_path: Path) -> None:
    # With -Xshare:on a JVM that cannot map it does not start.
    done = counted(tmp_path, f"{spark_options(archive)} -Xshare:on")
    assert done.stdout == "7\n", done.stderr
    assert sorted(path.name for path in archive.iterdir()) == [JAVA, SPARK]


def test_spark_starts_as_ever_where_the_archive_is_another_s(archive: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    for name in (JAVA, SPARK):
        content = (archive / name).read_bytes()
        assert b"(17.0." in content[:4096]
        (other / name).write_bytes(content.replace(b"(17.0.", b"(17.1.", 1))
    assert counted(tmp_path, f"{spark_options(other)} -Xshare:on").returncode
    done = counted(tmp_path, spark_options(other))
    assert done.stdout == "7\n", done.stderr


@pytest.mark.parametrize("options", [spark_options, launcher_options])
def test_without_an_archive_there_are_no_options(tmp_path: Path, options: Callable[[Path], str]) -> None:
    assert options(tmp_path) == ""
    (tmp_path / JAVA).touch()
    assert options(tmp_path) == ""


def test_a_folder_that_the_command_line_would_tear_apart_is_not_named_on_it(tmp_path: Path) -> None:
    folder = tmp_path / "two words"
    folder.mkdir()
    for name in (JAVA, SPARK):
        (folder / name).touch()
    assert spark_options(folder) == ""


def test_set_up_goes_on_in_such_a_folder_without_an_archive(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "two words"
    monkeypatch.setattr(make_class_archive.make, "__defaults__", (folder,))
    make_class_archive.main()
    assert "start without an archive" in capsys.readouterr().err
    assert not folder.exists()
