"""What SageMaker's training toolkit makes of a request, and what a container's paths become."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from twin.sagemaker.directory import ContainerDirectory
from twin.sagemaker.jobs.failure import MOST_CHARACTERS, JobFailedError, algorithm_error
from twin.sagemaker.jobs.metrics import Metrics
from twin.sagemaker.jobs.requirements import check_requirements
from twin.sagemaker.jobs.toolkit import Hyperparameters, environment
from twin.sagemaker.serving.llama_cpp import NoModelError, server_flags


@pytest.fixture
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ContainerDirectory:
    monkeypatch.setenv("FOURFOLD_WORK_DIR", str(tmp_path))
    return ContainerDirectory("training", "job")


def test_hyperparameters_become_arguments_by_name() -> None:
    given = {"rate": "5e-4", "name": '"a b"', "flag": "true", "n": "3", "map": '{"b": 1, "a": 2}', "text": "plain"}
    parameters = Hyperparameters.of({**given, "sagemaker_program": "train.py"})
    assert parameters.arguments() == [
        *("--flag", "True"),
        *("--map", "a=2,b=1"),
        *("-n", "3"),
        *("--name", "a b"),
        *("--rate", "0.0005"),
        *("--text", "plain"),
    ]
    assert parameters.toolkit == {"sagemaker_program": "train.py"}


def test_what_a_tuning_job_adds_is_kept_from_the_script() -> None:
    parameters = Hyperparameters.of({"rate": "0.1", "_tuning_objective_metric": "validation:loss"})
    assert parameters.arguments() == ["--rate", "0.1"]


def test_the_environment_is_the_toolkits(directory: ContainerDirectory) -> None:
    parameters = Hyperparameters.of({"epochs": "2", "sagemaker_program": "train.py"})
    variables = environment(directory, parameters, {"train": {"TrainingInputMode": "File"}}, "ml.g5.xlarge")
    assert variables["SM_CHANNEL_TRAIN"] == str(directory.root / "input/data/train")
    assert variables["SM_MODEL_DIR"] == str(directory.root / "model")
    assert variables["SM_OUTPUT_DATA_DIR"] == str(directory.root / "output/data")
    assert json.loads(variables["SM_HPS"]) == {"epochs": 2}
    assert variables["SM_HP_EPOCHS"] == "2"
    assert json.loads(variables["SM_CHANNELS"]) == ["train"]
    assert (variables["SM_CURRENT_HOST"], variables["SM_NUM_GPUS"]) == ("algo-1", "0")
    assert int(variables["SM_NUM_CPUS"]) >= 1
    assert variables["SM_USER_ENTRY_POINT"] == "train.py"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("/opt/ml/processing/input", "{root}/processing/input"),
        ("--in=/opt/ml/processing,/opt/ml/model", "--in={root}/processing,{root}/model"),
        ("/opt/ml", "{root}"),
        ("/opt/mlflow/x", "/opt/mlflow/x"),
        ("/srv/opt/ml/x", "/srv/opt/ml/x"),
    ],
)
def test_paths_of_the_container_are_found_in_text(directory: ContainerDirectory, text: str, expected: str) -> None:
    assert directory.localize(text) == expected.format(root=directory.root)


@pytest.mark.parametrize("path", ["/etc/passwd", "/opt/ml/../../etc", "/opt/mlx"])
def test_no_path_leads_out_of_the_container(directory: ContainerDirectory, path: str) -> None:
    with pytest.raises(ValueError, match=r"leads out|not in the subpath|does not start"):
        directory.path(path)


def test_a_failure_keeps_the_last_lines_that_there_is_room_for() -> None:
    reason = str(algorithm_error("It broke:", [f"line {number} {'x' * 200}" for number in range(20)], "\nthe end"))
    assert reason.startswith("AlgorithmError: It broke:\nline 1")
    assert reason.endswith("\nthe end")
    assert "line 19" in reason
    assert len(reason) <= MOST_CHARACTERS


def test_metrics_are_found_in_the_log() -> None:
    metrics = Metrics([{"Name": "loss", "Regex": "loss=([0-9.]+)"}, {"Name": "bad", "Regex": "(loss)"}], "job")
    assert metrics.take("step 1 loss=2.5 rate=1") == {"loss": 2.5}
    assert metrics.take("nothing here") == {}
    metrics.take("step 2 loss=1.5")
    assert [(datum["MetricName"], datum["Value"]) for datum in metrics.final()] == [("loss", 1.5)]


def test_requirements_must_be_installed_and_versions_are_told(tmp_path: Path) -> None:
    file = tmp_path / "requirements.txt"
    told: list[str] = []
    file.write_text("# what it needs\nboto3\npytest==0.0.1  # old\nrequests; python_version < '3'\n")
    check_requirements(file, told.append)
    assert len(told) == 1
    assert told[0].startswith("requirements.txt asks for pytest==0.0.1; the job runs on pytest ")
    file.write_text("surely-not-installed>=1\n")
    with pytest.raises(JobFailedError, match="surely-not-installed, which is not installed here"):
        check_requirements(file, told.append)
    check_requirements(tmp_path / "none.txt", told.append)


@pytest.mark.parametrize("line", ["-r other.txt", "--extra-index-url https://example.org/simple", "-e ."])
def test_a_line_of_requirements_that_is_an_option_is_refused_by_name(tmp_path: Path, line: str) -> None:
    file = tmp_path / "requirements.txt"
    file.write_text(f"boto3\n{line}  # why\n")
    with pytest.raises(JobFailedError, match=f"has the line '{line}'"):
        check_requirements(file, lambda _: None)


def test_the_containers_environment_becomes_flags_of_llama_server(directory: ContainerDirectory) -> None:
    model = directory.folder("/opt/ml/model/inner") / "m.gguf"
    model.touch()
    given = {
        "SM_LLAMA_CPP_CTX_SIZE": "4096",
        "SM_LLAMA_CPP_JINJA": "true",
        "SM_LLAMA_CPP_VERBOSE": "False",
        "SM_LLAMA_CPP_PORT": "9",
        "SM_LLAMA_CPP_SLOT_SAVE_PATH": "/opt/ml/model/slots",
        "OTHER": "x",
    }
    assert server_flags(given, directory) == [
        *("--model", str(model)),
        *("--ctx-size", "4096"),
        "--jinja",
        *("--slot-save-path", str(directory.root / "model/slots")),
    ]
    named = server_flags({"SM_LLAMA_CPP_MODEL": "/opt/ml/model/other.gguf"}, directory)
    assert named == ["--model", str(directory.root / "model/other.gguf")]


@pytest.mark.parametrize(
    ("slots", "context", "containers", "expected"),
    [
        ("1", "4096", 5, ("5", "20480")),
        ("2", "8192", 2, ("4", "16384")),
        ("1", "4096", 200, ("8", "32768")),  # more would gain little, and hold a context each
        ("16", "65536", 3, ("16", "65536")),  # what one container has, it has here
        ("1", "0", 3, ("1", "0")),  # the model's own context, which slots would share
    ],
)
def test_one_server_has_the_slots_of_all_containers_and_the_same_context_for_each(
    directory: ContainerDirectory, slots: str, context: str, containers: int, expected: tuple[str, str]
) -> None:
    (directory.folder("/opt/ml/model") / "m.gguf").touch()
    given = {"SM_LLAMA_CPP_PARALLEL": slots, "SM_LLAMA_CPP_CTX_SIZE": context}
    flags = server_flags(given, directory, containers)
    assert (flags[flags.index("--parallel") + 1], flags[flags.index("--ctx-size") + 1]) == expected


def test_slots_that_llama_server_chooses_itself_are_left_to_it(directory: ContainerDirectory) -> None:
    (directory.folder("/opt/ml/model") / "m.gguf").touch()
    given = {"SM_LLAMA_CPP_CTX_SIZE": "4096"}
    assert server_flags(given, directory, containers=4) == server_flags(given, directory)


def test_an_artefact_without_a_model_is_refused(directory: ContainerDirectory) -> None:
    (directory.folder("/opt/ml/model/much/too/deep") / "m.gguf").touch()
    with pytest.raises(NoModelError, match=r"No \*.gguf was found under /opt/ml/model"):
        server_flags({}, directory)
