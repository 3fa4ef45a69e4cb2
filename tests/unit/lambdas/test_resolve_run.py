"""A run starts from the deployed settings, takes what its input overrides, and refuses what does not fit."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ReadTimeoutError
from hypothesis import given
from hypothesis import strategies as st

from cdk_app.settings import load_settings, run_settings, tuning
from lambdas.resolve_run import parameters
from lambdas.resolve_run.handler import handle
from lambdas.resolve_run.overrides import InvalidRunInput, apply_overrides
from lambdas.resolve_run.settings import InvalidRunSettings, parse_settings
from lambdas.shared.errors import AccessDenied, ConfigurationError, InvalidTarget, ServiceCallFailed
from lambdas.shared.fields import Fields
from pipelines.preparation.settings import Settings as PreparationSettings

if TYPE_CHECKING:
    from tests.unit.lambdas.conftest import Cloud, Context

ROOT = Path(__file__).resolve().parents[3]
SETTINGS = run_settings(load_settings(ROOT / "workflow.yaml", "twin"))
Resolve = Callable[..., dict[str, Any]]


@pytest.fixture
def resolve(cloud: Cloud, context: Context, monkeypatch: pytest.MonkeyPatch) -> Resolve:
    """Start a run with an input."""
    for name, parameter in {
        "RUN_SETTINGS_PARAMETER": "/settings",
        "RUN_BOUNDS_PARAMETER": "/bounds",
        "TARGET_PARAMETER": "/target",
        "MODEL_DATA_URL_PARAMETER": "/url",
    }.items():
        monkeypatch.setenv(name, parameter)
    settings, bounds = json.dumps(SETTINGS["defaults"]), json.dumps(SETTINGS["bounds"])
    cloud.parameters |= {"/settings": settings, "/bounds": bounds, "/target": "none", "/url": "none"}

    def start(overrides: object = None, execution_name: str = "run-7") -> dict[str, Any]:
        event = {"execution_name": execution_name, "execution_arn": "arn:execution", "input": overrides}
        return handle(event, context)

    return start


def test_an_empty_input_runs_on_the_deployed_settings(resolve: Resolve) -> None:
    run = resolve({})

    assert run["run_id"] == "run-7"
    assert run["dataset"] == "aws-api-documentation"
    assert run["curated_prefix"] == "aws-api-documentation/run=run-7/"
    assert run["floor"] == SETTINGS["defaults"]["selection"]["floor"]
    assert run["task"] == SETTINGS["defaults"]["task"]
    assert run["champion"] is None
    assert [candidate["index"] for candidate in run["candidates"]] == [0, 1, 2]
    assert resolve(None) == run


def test_the_run_knows_how_its_records_are_divided(resolve: Resolve, cloud: Cloud) -> None:
    assert resolve({})["split"] == {"validation": 0.1, "test": 0.1, "stratify": "none"}

    defaults = json.loads(cloud.parameters["/settings"])
    defaults["data"] |= {"evaluation_set": "held-out"}
    cloud.parameters["/settings"] = json.dumps(defaults)
    assert resolve({})["split"]["test"] == 0, "nothing of the data set itself is for testing then"


@pytest.mark.parametrize("known", [True, False])
def test_the_run_knows_whether_what_bedrock_customizes_costs_what_its_base_does(
    resolve: Resolve, cloud: Cloud, known: bool
) -> None:
    defaults = json.loads(cloud.parameters["/settings"])
    price = {"usd_per_1k_input_tokens": 0.01, "usd_per_1k_output_tokens": 0.02}
    named = {"name": "fourfold-twin", "model": "nova-micro", "model_id": "us.amazon.nova-micro-v1:0"}
    data = {"format": "bedrock-conversation", "hyperparameters": {}, "serving": "on-demand"}
    defaults["tuning"]["bedrock"] = {**named, **data, "price": price, "billed_as_base": known}
    cloud.parameters["/settings"] = json.dumps(defaults)
    customization = resolve({})["customization"]
    assert customization["billed_as_base"] is known
    assert customization["base"]["price"] == price


def test_every_parameter_of_the_pipeline_is_set_as_a_string_of_its_type(resolve: Resolve) -> None:
    declared = json.loads((ROOT / "pipelines/definition/pipeline.json").read_text())["Parameters"]

    tuning = resolve({})["tuning"]

    # How the model is stored, and what its base is called, is the deployment's alone: the pipeline's defaults have it.
    alone = ("Quantization", "BaseModelId")
    declared = [parameter for parameter in declared if not parameter["Name"].startswith(alone)]
    assert sorted(tuning) == sorted(parameter["Name"] for parameter in declared)
    readers = {"String": str, "Integer": int, "Float": float}
    for parameter in declared:
        value = tuning[parameter["Name"]]
        assert isinstance(value, str)
        assert readers[parameter["Type"]](value) not in ("", None)


def test_the_pipeline_works_on_this_run_and_writes_under_its_name(resolve: Resolve) -> None:
    tuning = resolve({"dataset": "news", "tuning": {"epochs": 3, "learning_rate": 0.00005}})["tuning"]

    assert tuning["TrainData"] == "s3://curated/news/run=run-7/train"
    assert tuning["OutputPrefix"] == "s3://models/run=run-7"
    assert tuning["BaseModel"] == "s3://models/base/smollm2-135m-instruct"
    assert tuning["Epochs"] == "3"
    assert tuning["LearningRate"] == "0.00005"
    assert tuning["MaxRuntimeSeconds"] == str(60 * SETTINGS["defaults"]["tuning"]["max_runtime_minutes"])


@pytest.mark.parametrize(("method", "rate"), [("lora", "0.0005"), ("full", "0.00005"), ("frozen", "0.00005")])
def test_a_run_without_a_learning_rate_gets_that_of_its_method(resolve: Resolve, method: str, rate: str) -> None:
    assert SETTINGS["defaults"]["tuning"]["learning_rate"] is None

    assert resolve({"tuning": {"method": method}})["tuning"]["LearningRate"] == rate
    given = {"tuning": {"method": method, "learning_rate": 0.001}}
    assert resolve(given)["tuning"]["LearningRate"] == "0.001"


def parameters_of(tuning: dict[str, Any]) -> dict[str, str]:
    """The pipeline's parameters where something else than here is deployed."""
    return parameters.pipeline_parameters(
        "run-7",
        curated_uri="",
        models_uri="",
        tuning=Fields({**SETTINGS["defaults"]["tuning"], **tuning}, "tuning"),
        near_duplicates=Fields(SETTINGS["defaults"]["data"]["near_duplicates"], "data.near_duplicates"),
        max_output_tokens=1,
        metric="rougeL",
        floor=0.1,
        champion_model_data_url="",
    )


@pytest.mark.parametrize(
    ("deployed", "given", "seconds"),
    [
        ({"spot": False}, {}, None),
        ({"spot": True}, {}, 2 * 7200),
        ({"spot": True, "max_wait_minutes": 130}, {}, 130 * 60),
        # The service refuses to wait for less time than the job may run.
        ({"spot": True, "max_wait_minutes": 130}, {"max_runtime_minutes": 200}, 200 * 60),
    ],
)
def test_a_run_waits_for_spot_instances_where_they_are_deployed_and_nowhere_else(
    deployed: dict[str, Any], given: dict[str, Any], seconds: int | None
) -> None:
    found = parameters_of({"max_runtime_minutes": 120, **deployed, **given})
    assert found.get("MaxWaitSeconds") == (None if seconds is None else str(seconds))


def test_the_learning_rates_of_the_methods_are_those_of_the_settings() -> None:
    assert parameters.LEARNING_RATES == tuning.LEARNING_RATES
    assert parameters.DPO_SHARE == tuning.DPO_SHARE


@pytest.mark.parametrize(("method", "rate"), [("lora", 5e-5), ("full", 5e-6), ("frozen", 5e-6)])
def test_dpo_learns_at_a_tenth_of_the_method_s_rate(method: str, rate: float) -> None:
    found = parameters_of({"method": method, "objective": "dpo", "beta": 0.3})
    assert float(found["LearningRate"]) == pytest.approx(rate)
    assert (found["Objective"], found["Beta"], found["LabelSmoothing"]) == ("dpo", "0.3", "0.0")


@pytest.mark.parametrize("tuning", [{"objective": "continued-pretraining"}, {"beta": 0.001}, {"label_smoothing": 0.4}])
def test_a_run_cannot_change_what_the_gate_measures(resolve: Resolve, tuning: dict[str, Any]) -> None:
    with pytest.raises(InvalidRunInput, match=next(iter(tuning))):
        resolve({"tuning": tuning})


def test_the_preparation_takes_the_task_and_the_data_settings_whole(resolve: Resolve) -> None:
    settings = PreparationSettings.from_json(resolve({})["preparation_settings"])

    assert settings.schema.text == SETTINGS["defaults"]["data"]["columns"]["text"]
    assert settings.instruction == SETTINGS["defaults"]["task"]["instruction"]


def test_the_pipeline_takes_the_parameters_as_a_list(resolve: Resolve) -> None:
    run = resolve({})

    assert {item["Name"]: item["Value"] for item in run["pipeline_parameters"]} == run["tuning"]


def test_evaluation_cuts_answers_off_where_the_endpoint_does(resolve: Resolve) -> None:
    run = resolve({})

    assert run["tuning"]["MaxOutputTokens"] == str(SETTINGS["defaults"]["serving"]["max_output_tokens"])
    assert run["max_output_tokens"] == SETTINGS["defaults"]["serving"]["max_output_tokens"]


def test_the_quality_gate_of_the_pipeline_follows_the_floor(resolve: Resolve) -> None:
    assert resolve({"selection": {"floor": 0.45}})["tuning"]["MinimumMetric"] == "0.45"


def test_the_champion_is_what_the_target_parameter_says(resolve: Resolve, cloud: Cloud) -> None:
    target = {"kind": "bedrock", "model_id": "amazon.nova-micro-v1:0", "strategy": "zero-shot", "run_id": "run-3"}
    cloud.parameters |= {"/target": json.dumps(target), "/url": "s3://models/run=run-1/model.tar.gz"}

    run = resolve({})

    assert run["champion"] == target
    assert run["champion_model_data_url"] == "s3://models/run=run-1/model.tar.gz"


def test_the_evaluation_gets_the_tuned_model_in_use_or_a_file_that_stands_for_none(
    resolve: Resolve, cloud: Cloud
) -> None:
    assert resolve({})["tuning"]["ChampionModel"] == "s3://models/base/smollm2-135m-instruct/config.json"
    cloud.parameters |= {"/url": "s3://models/run=run-1/model.tar.gz"}
    assert resolve({})["tuning"]["ChampionModel"].endswith("/config.json"), "it is not in use any more"
    target = {"kind": "sagemaker", "endpoint": "e", "model_package_arn": "arn:p", "run_id": "run-1"}
    cloud.parameters |= {"/target": json.dumps(target)}
    assert resolve({})["tuning"]["ChampionModel"] == "s3://models/run=run-1/model.tar.gz"


@pytest.mark.parametrize(("similarity", "expected"), [(0.7, "0.8"), (0.9, "0.9")])
def test_test_records_are_looked_for_as_preparation_looks_for_near_duplicates(
    resolve: Resolve, cloud: Cloud, similarity: float, expected: str
) -> None:
    defaults = json.loads(cloud.parameters["/settings"])
    defaults["data"]["near_duplicates"] |= {"similarity": similarity, "shingle_words": 7}
    cloud.parameters["/settings"] = json.dumps(defaults)

    tuning = resolve({})["tuning"]

    assert (tuning["LeakSimilarity"], tuning["ShingleWords"]) == (expected, "7")
    assert tuning["SliceTolerance"] == str(SETTINGS["defaults"]["tuning"]["slice_tolerance"])
    assert tuning["GeneralTolerance"] == str(SETTINGS["defaults"]["tuning"]["general_tolerance"])


def test_all_problems_of_an_input_are_reported_together_each_with_its_remedy(resolve: Resolve) -> None:
    with pytest.raises(InvalidRunInput) as caught:
        resolve(
            {
                "datset": "news",
                "dataset": "Bad Name",
                "approval": "sometimes",
                "selection": {"floor": 0, "metric": "rougeL"},
                "tuning": {"epoch": 2, "epochs": "2", "rank": 0, "alpha": True, "batch_size": 10_000},
            }
        )

    text = str(caught.value)
    for line in (
        "has 10 problems",
        "- datset: there is no such setting. Did you mean dataset?",
        '- dataset: "Bad Name" has the wrong form. Give a string that matches ^[a-z0-9]',
        '- approval: "sometimes" is not a choice. Give one of manual, automatic.',
        "- selection.floor: 0 is below the minimum.",
        "- selection.metric: one run cannot override it. Change workflow.yaml and deploy.",
        "- tuning.epoch: there is no such setting. Did you mean tuning.epochs?",
        '- tuning.epochs: "2" is not of type integer. Give an integer from 1 to 20.',
        "- tuning.rank: 0 is below the minimum. Give an integer from 1 to 256.",
        "- tuning.alpha: true is not of type integer.",
        "- tuning.batch_size: 10000 is above the maximum.",
    ):
        assert line in text, line


@pytest.mark.parametrize("overrides", [[], "text", 7, {"tuning": 3}, {"tuning": [{"epochs": 1}]}])
def test_an_input_of_the_wrong_form_is_refused(resolve: Resolve, overrides: object) -> None:
    if overrides:
        with pytest.raises(InvalidRunInput, match="object"):
            resolve(overrides)


def test_a_long_list_of_problems_is_cut_and_counted(resolve: Resolve) -> None:
    with pytest.raises(InvalidRunInput, match="and 170 more"):
        resolve({f"nonsense{number}": "x" * 1000 for number in range(200)})


def test_gates_stay_closed_whatever_the_bounds_allow(resolve: Resolve, cloud: Cloud) -> None:
    gates = ("selection.floor", "tuning.minimum_loss_reduction", "tuning.learning_rate")
    cloud.parameters["/bounds"] = json.dumps(SETTINGS["bounds"] | {name: {"type": "number"} for name in gates})

    with pytest.raises(InvalidRunInput, match="has 3 problems") as caught:
        resolve({"selection": {"floor": 0}, "tuning": {"minimum_loss_reduction": 1, "learning_rate": 0}})
    assert "leaves the gate open" in str(caught.value)


@pytest.mark.parametrize("name", ["", "a b", "../other", "ä", "x" * 81, "-a", "a-", "a_", "a/b"])
def test_a_name_that_cannot_be_a_key_is_refused(resolve: Resolve, name: str) -> None:
    with pytest.raises(Exception, match=r"execution_name|run's id"):
        resolve({}, execution_name=name)


def test_the_name_that_event_bridge_gives_is_accepted(resolve: Resolve) -> None:
    name = "4a3f7a2e-6d1c-9b9f-1111-222233334444_55556666-7777-8888-9999-000011112222"

    assert resolve({}, execution_name=name)["run_id"] == name


@pytest.mark.parametrize(
    ("parameter", "value", "message"),
    [
        ("/settings", "{", "not JSON"),
        ("/settings", "{}", "'candidates' is missing"),
        ("/settings", '{"candidates": []}', "'selection' is missing"),
        ("/bounds", "{", "not JSON"),
        ("/bounds", "[]", "A JSON object is needed"),
        ("/bounds", '{"x": {"type": "date"}}', "'date' is not one of"),
        ("/bounds", '{"x": {"type": "string", "pattern": "("}}', "pattern"),
    ],
)
def test_damaged_run_settings_are_named_as_such(
    resolve: Resolve, cloud: Cloud, parameter: str, value: str, message: str
) -> None:
    cloud.parameters[parameter] = value

    with pytest.raises(InvalidRunSettings, match=message) as caught:
        resolve({})
    assert f"SSM parameter {parameter}" in str(caught.value)


def test_a_damaged_target_is_not_taken_for_none(resolve: Resolve, cloud: Cloud) -> None:
    cloud.parameters["/target"] = ""

    with pytest.raises(InvalidTarget, match="/target"):
        resolve({})


def test_a_call_that_nobody_answers_says_what_to_do(resolve: Resolve, cloud: Cloud) -> None:
    def unanswered(_: object) -> dict[str, Any]:
        raise ReadTimeoutError(endpoint_url="https://ssm.eu-west-1.amazonaws.com/")

    cloud.on("ssm", "GetParameter", unanswered)

    with pytest.raises(ServiceCallFailed, match=r"(?s)not answered.*ssm.*start a new run"):
        resolve({})


def test_a_denied_call_names_the_call_and_what_aws_said(resolve: Resolve, cloud: Cloud) -> None:
    words = "User: arn:aws:sts::1:assumed-role/R/f is not authorized to perform: ssm:GetParameter on resource: arn:p"
    cloud.refuse("ssm", "GetParameter", "AccessDeniedException", words)

    with pytest.raises(AccessDenied) as caught:
        resolve({})
    assert words in str(caught.value)
    assert "Grant this action" in str(caught.value)


def test_a_missing_environment_variable_is_named(resolve: Resolve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MODELS_BUCKET")

    with pytest.raises(ConfigurationError, match="MODELS_BUCKET is not set"):
        resolve({})


NAMES = sorted(SETTINGS["bounds"])
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=5,
)


@given(st.sampled_from(NAMES), JSON_VALUES)
def test_a_value_is_either_taken_over_as_it_is_or_reported(name: str, value: object) -> None:
    settings = parse_settings(SETTINGS, "here")
    section, _, leaf = name.rpartition(".")
    overrides = {section: {leaf: value}} if section else {leaf: value}

    merged, problems = apply_overrides(settings, overrides)

    document = merged.as_dict()
    holder = document[section] if section else document
    assert isinstance(holder, dict)
    if problems:
        assert [problem.split(":")[0] for problem in problems] == [name]
        assert document == SETTINGS["defaults"]
    else:
        assert holder[leaf] == value
        holder[leaf] = (SETTINGS["defaults"][section] if section else SETTINGS["defaults"])[leaf]
        assert document == SETTINGS["defaults"]


@given(st.dictionaries(st.text(max_size=20), JSON_VALUES, max_size=4))
def test_no_unknown_key_is_ignored(overrides: dict[str, object]) -> None:
    known = {name.partition(".")[0] for name in NAMES}
    unknown = [key for key in overrides if key not in known]

    _, problems = apply_overrides(parse_settings(SETTINGS, "here"), overrides)

    assert len(problems) >= len(unknown)
