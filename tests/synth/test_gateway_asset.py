"""The archives of functions: bytecode that the runtime takes as it is, packages without native code, the same bytes."""

from __future__ import annotations

import importlib.util
import json
import marshal
import socket
import stat
import subprocess
import sys
import time
import urllib.request
from importlib.metadata import PackagePath, distribution, requires
from pathlib import Path
from types import CodeType, SimpleNamespace
from typing import Any

import pytest
from packaging.requirements import Requirement

from cdk_app import bytecode, vendoring
from cdk_app.assets import GATEWAY_PACKAGES, gateway_folder
from cdk_app.bytecode import compile_folder, runtime
from cdk_app.settings import Guardrail, Settings, load_settings
from cdk_app.vendoring import CannotVendor, vendor
from stacks.gateway_settings import archived_settings
from stacks.serving import container_environment
from tests.synth.gateways import changed, filled_in, function, gateway
from tests.synth.optional import everything_on
from tests.synth.templates import Template, everywhere

NATIVE = {".so", ".pyd", ".dylib", ".dll"}
UNCHECKED_HASH = 0b01
"""Flags of PEP 552: bound to a hash of the source, which nobody checks."""


@pytest.fixture(scope="module")
def archives(cloud_assembly: Path) -> list[Path]:
    return sorted(path.parent for path in cloud_assembly.glob("asset.*/lambdas"))


@pytest.fixture(scope="module")
def archive(archives: list[Path]) -> Path:
    (found,) = (path for path in archives if (path / "lambdas/gateway").is_dir())
    return found


def test_every_python_file_of_every_function_has_bytecode_that_the_runtime_takes(
    archives: list[Path], templates: dict[str, Template]
) -> None:
    assert len(archives) == len(list(everywhere(templates, "AWS::Lambda::Function")))
    for archive in archives:
        sources = sorted(archive.rglob("*.py"))
        assert sources
        for source in sources:
            code = Path(importlib.util.cache_from_source(str(source))).read_bytes()
            assert code[:4] == importlib.util.MAGIC_NUMBER, source
            assert int.from_bytes(code[4:8], "little") == UNCHECKED_HASH, source
            assert code[8:16] == importlib.util.source_hash(source.read_bytes()), source
            assert isinstance(marshal.loads(code[16:]), CodeType), source


def test_nothing_is_bytecode_without_its_source(archives: list[Path]) -> None:
    for archive in archives:
        for code in archive.rglob("*.pyc"):
            assert Path(importlib.util.source_from_cache(str(code))).is_file(), code


def test_every_function_runs_on_the_python_that_compiled_it(templates: dict[str, Template]) -> None:
    ours = [body["Properties"] for _, body in everywhere(templates, "AWS::Lambda::Function")]
    assert {function["Runtime"] for function in ours} == {runtime().name}


def test_tracebacks_name_the_place_of_a_file_on_lambda_and_none_of_this_machine(archive: Path) -> None:
    code = Path(importlib.util.cache_from_source(str(archive / "lambdas/gateway/exchange.py"))).read_bytes()
    assert marshal.loads(code[16:]).co_filename == "/var/task/lambdas/gateway/exchange.py"


def test_bytecode_depends_on_its_source_and_on_nothing_that_was_compiled_before(tmp_path: Path) -> None:
    source = "NAME = 'a name that others use'\ndef name() -> str:\n    return NAME + 'a name that others use'\n"
    found = []
    for place in ("first", "second"):
        (tmp_path / place).mkdir()
        (tmp_path / place / "module.py").write_text(source)
        compile_folder(tmp_path / place)
        found.append(next((tmp_path / place).rglob("*.pyc")).read_bytes())
        kept = compile(source, "elsewhere", "exec")  # the process now knows the same names otherwise
        assert kept
        bytecode._bytecode.cache_clear()
    assert found[0] == found[1]


def test_the_archive_starts_by_itself(archive: Path) -> None:
    start = archive / "run.sh"
    assert start.stat().st_mode & stat.S_IXUSR
    lines = start.read_text().splitlines()
    assert lines[0] == "#!/bin/sh"
    assert lines[-1] == "exec python -m lambdas.gateway"
    assert "$LAMBDA_RUNTIME_DIR" in lines[-2], "boto3 is Lambda's own"


CARRIED = ("boto3", "botocore", "jmespath", "python-dateutil", "s3transfer", "six", "urllib3")
"""What Lambda's runtime brings along, and a function's archive does not."""


@pytest.fixture
def lambda_like(archive: Path, tmp_path: Path) -> dict[str, str]:
    """An environment where Python finds the archive, what Lambda carries, and nothing of this project's."""
    runtime_folder, programs = tmp_path / "runtime", tmp_path / "bin"
    runtime_folder.mkdir()
    programs.mkdir()
    for name in CARRIED:
        found = distribution(name)
        for part in {file.parts[0] for file in found.files or () if not file.parts[0].startswith("..")}:
            (runtime_folder / part).symlink_to(str(found.locate_file(part)))
    python = Path(sys.base_prefix) / "bin" / Path(f"python{sys.version_info.major}.{sys.version_info.minor}")
    (programs / "python").write_text(f'#!/bin/sh\nexec "{python}" -S "$@"\n')
    (programs / "python").chmod(0o755)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    return {
        "PATH": f"{programs}:/usr/bin:/bin",
        "LAMBDA_TASK_ROOT": str(archive),
        "LAMBDA_RUNTIME_DIR": str(runtime_folder),
        "AWS_LWA_PORT": str(port),
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "GATEWAY_SETTINGS": str(archive / "gateway.json"),
        "SERVICE_NAME": "fourfold-dev",
        "PYTHONDONTWRITEBYTECODE": "1",
    }


def test_the_archive_serves_with_nothing_beside_it_but_what_lambda_carries(
    archive: Path, lambda_like: dict[str, str]
) -> None:
    server = subprocess.Popen([archive / "run.sh"], env=lambda_like, cwd="/", stderr=subprocess.PIPE, text=True)
    try:
        assert answered(server, f"http://127.0.0.1:{lambda_like['AWS_LWA_PORT']}/healthz") == 200
    finally:
        server.terminate()
        server.communicate(timeout=30)


def answered(server: subprocess.Popen[str], url: str, within_s: float = 60) -> int:
    """The status of the first answer; fails with what the server wrote where it ends instead."""
    until = time.monotonic() + within_s
    while time.monotonic() < until:
        assert server.poll() is None, server.communicate()[1]
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                return int(answer.status)
        except OSError:
            time.sleep(0.1)
    raise AssertionError(f"{url} did not answer")


def test_the_packages_are_whole_and_are_pure_python(archive: Path) -> None:
    for name in ("uvicorn/server.py", "h11/_connection.py", "pypdf/_reader.py"):
        assert (archive / name).is_file(), name
    assert not [path for path in archive.rglob("*") if path.suffix in NATIVE]


def test_their_licences_come_along_and_what_an_installer_noted_does_not(archive: Path) -> None:
    (metadata,) = archive.glob("uvicorn-*.dist-info")
    assert list(metadata.rglob("LICENSE*"))
    assert not {"RECORD", "INSTALLER", "REQUESTED", "direct_url.json"} & {path.name for path in metadata.iterdir()}


LEFT_OUT = {"uvicorn": {"click"}}
"""What a package requires for a part of it that the gateway does not import."""


@pytest.mark.parametrize("version", ["3.11", "3.12"])
def test_whatever_a_package_requires_is_there_too(version: str) -> None:
    environment = {"python_version": version, "python_full_version": f"{version}.0", "extra": ""}
    for name in GATEWAY_PACKAGES:
        for requirement in map(Requirement, requires(name) or ()):
            if requirement.marker is None or requirement.marker.evaluate(environment):
                known = {*GATEWAY_PACKAGES, *LEFT_OUT.get(name, ())}
                assert requirement.name.replace("-", "_") in known, f"{name} requires {requirement.name}"


def test_a_package_with_native_code_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(
        CannotVendor, match=r"pydantic_core \S+ is not pure Python: pydantic_core/_pydantic_core\.\S+\.so"
    ):
        vendor(("pydantic_core",), tmp_path)
    assert not list(tmp_path.iterdir())


def test_every_package_that_is_missing_is_named_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(CannotVendor) as refused:
        vendor(("no-such-package", "nor-this-one"), tmp_path)
    lines = str(refused.value).splitlines()
    assert lines == [f"{name} is not installed: run `make setup`." for name in ("no-such-package", "nor-this-one")]


def test_a_script_of_a_package_stays_where_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = distribution("h11")
    files = [*(found.files or ()), PackagePath("../../../bin/evil")]
    fake = SimpleNamespace(files=files, version=found.version, locate_file=found.locate_file)
    monkeypatch.setattr(vendoring, "distribution", lambda _: fake)
    vendor(("h11",), tmp_path / "inside")
    assert {path.name for path in tmp_path.iterdir()} == {"inside"}
    assert (tmp_path / "inside/h11/__init__.py").is_file()


def test_a_second_archive_has_the_same_bytes() -> None:
    first = {path.name: path.read_bytes() for path in gateway_folder("{}").rglob("*.py*")}
    second = {path.name: path.read_bytes() for path in gateway_folder("{}").rglob("*.py*")}
    assert first == second


# ---- gateway.json, and what comes in the environment ------------------------------------------------------


def document(settings: Settings) -> dict[str, Any]:
    """Both halves together, as the function reads them."""
    template = gateway(settings)
    models = filled_in(function(template)["Environment"]["Variables"]["GATEWAY_MODELS"], template)
    return {**json.loads(archived_settings(settings)), **json.loads(models)}


def test_the_archive_has_what_the_settings_say(archive: Path, settings: Settings) -> None:
    text = (archive / "gateway.json").read_text()
    assert text == archived_settings(settings)
    found = json.loads(text)
    assert (found["task_kind"], found["instruction"]) == (settings.task.kind, settings.task.instruction)
    assert found["limits"]["max_output_tokens"] == settings.serving.max_output_tokens
    # What is right for a summary cuts a chat off in mid-sentence.
    assert found["limits"]["max_chat_tokens"] == settings.gateway.max_output_tokens
    assert found["limits"]["max_document_bytes"] == 4_000_000
    # As much as the endpoint's server is told to read.
    assert str(found["endpoint_context_tokens"]) == container_environment()["SM_LLAMA_CPP_CTX_SIZE"]
    assert found["fallback"] == {"approved": ["nova-micro"], "nova-micro": ["nova-lite"]}
    assert found["cache"] == {"exact": False, "ttl_seconds": 86_400, "semantic": None}
    assert found["budget"] == {"caller_usd_per_day": 1.0, "usd_per_day": 5.0}
    assert (found["guard"], found["authorization"]) == ({"attacks": False, "grounding": False}, "iam")


@pytest.mark.parametrize("judged", [{"grounding": 0.7}, {"relevance": 0.7}, {}])
def test_the_function_knows_what_of_the_guardrail_it_has_to_ask_for_itself(
    settings: Settings, judged: dict[str, Any]
) -> None:
    guarded = changed(settings, guardrail=Guardrail(words=("heffalump",), attacks="high", **judged))
    assert json.loads(archived_settings(guarded))["guard"] == {"attacks": True, "grounding": bool(judged)}


def test_models_have_the_id_and_the_price_of_the_region_they_are_asked_in(settings: Settings) -> None:
    found = document(settings)
    lite, micro = found["models"]
    assert (lite["name"], lite["platform"], lite["context_tokens"]) == ("nova-lite", "bedrock", 300_000)
    assert lite["model_id"].endswith(".amazon.nova-lite-v1:0")
    assert (lite["sampling"], lite["streaming"], lite["prompt_caching"]) == (True, True, True)
    assert 0 < lite["price"]["input_usd_per_million"] < lite["price"]["output_usd_per_million"] < 1
    assert micro["name"] == "nova-micro"
    assert (found["embedding"]["dimensions"], found["embedding"]["context_tokens"]) == (1024, 8192)
    assert found["embedding"]["price"]["input_usd_per_million"] == 0.02


def test_the_approved_models_price_is_the_dearest_of_what_may_be_approved(settings: Settings) -> None:
    found = document(settings)
    assert found["approved_price"] == found["models"][0]["price"]


def test_what_is_billed_by_time_has_no_price_by_the_token() -> None:
    found = document(load_settings("workflow.yaml", "twin"))
    (model,) = found["models"]
    assert model["model_id"] == "arn:aws:bedrock:us-east-1:123456789012:imported-model/smollm2q41v1"
    assert model["price"] is None
    assert found["approved_price"] is None
    assert found["embedding"]["model_id"].endswith("imported-model/minilml6v2q1")


def test_without_an_embedding_model_there_is_none(settings: Settings) -> None:
    assert document(changed(settings, embeddings=None))["embedding"] is None


def test_what_finds_a_prompt_s_passages_has_its_price_where_a_candidate_searches_by_embeddings(
    settings: Settings,
) -> None:
    assert document(settings)["prompt_embedding"] is None
    found = document(everything_on(settings))["prompt_embedding"]
    assert (found["model_id"], found["price"]["input_usd_per_million"]) == ("amazon.titan-embed-text-v2:0", 0.02)
