"""What it costs to tune a model, and to serve what came of it: as AWS's price list tells it, or as not read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import cli.main
from cdk_app.catalogue import ENTRIES
from cdk_app.catalogue.observation import Observation, Observed, write_observation
from cdk_app.catalogue.overlay import overlaid
from cdk_app.catalogue.tuning_price_list import TuningRate, tuning_rates
from cli.main import app
from cli.show_tuning_prices import tuning_prices
from tests.unit.catalogue.conftest import product

Invoke = Callable[..., str]

OFFER: list[dict[str, Any]] = [
    product("hour", "60", model="Nova Micro", usagetype="USE1-NovaMicro-ProvisionedThroughput-1month-ModelUnits"),
    product("1K tokens", "0.004", model="Nova Micro", usagetype="USE1-NovaMicro-Customization-Training"),
    product("Model/Month", "3", model="Nova Micro", usagetype="USE1-NovaMicro-Customization-Storage"),
    product("hour", "70", model="Nova Micro", usagetype="USE1-NovaMicro-ProvisionedThroughput-NoCommit-ModelUnits"),
    product("1K tokens", "0.00005", model="Nova Micro", usagetype="USE1-NovaMicro-input-tokens-custom-model"),
    product("1M tokens", "0.2", model="Nova Micro", usagetype="USE1-NovaMicro-output-tokens-custom-model"),
    product("1K tokens", "0.00001", model="Nova Micro", usagetype="USE1-NovaMicro-input-tokens"),
    product("second", "9", model="Nova Micro", usagetype="USE1-NovaMicro-Customization-Training"),
]
RATES = [
    TuningRate("novamicro", "training", 0.004),
    TuningRate("novamicro", "storage", 3.0),
    TuningRate("novamicro", "unit hour", 70.0),
    TuningRate("novamicro", "in", 0.00005),
    TuningRate("novamicro", "out", 0.0002),
]


@pytest.fixture
def invoke(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Invoke:
    """`fourfold models`, without state of this machine."""
    monkeypatch.setattr(cli.main, "ROOT", tmp_path)

    def run(*arguments: str) -> str:
        result = CliRunner().invoke(app, ["models", *arguments], catch_exceptions=False)
        assert result.exit_code == 0
        return str(result.stdout)

    return run


def observed(region: str, *rates: TuningRate) -> Observation:
    nova = Observed(
        model_id="amazon.nova-micro-v1:0",
        name="Nova Micro",
        provider="Amazon",
        reads=("text",),
        writes=("text",),
        lifecycle="active",
        on_demand=True,
        tuning=rates,
    )
    return Observation(region=region, day="2026-12-01", models=(nova,))


def test_the_price_list_s_products_are_told_apart_by_the_ends_of_their_names() -> None:
    assert tuning_rates(OFFER) == RATES


@pytest.mark.parametrize("term", ["1month", "6month", "NoCommit-1month"])
def test_a_model_unit_with_a_commitment_has_another_price_than_one_without(term: str) -> None:
    unit = "USE1-NovaMicro-ProvisionedThroughput-{}-ModelUnits"
    committed = product("hour", "60", model="Nova Micro", usagetype=unit.format(term))
    free = product("hour", "70", model="Nova Micro", usagetype=unit.format("NoCommit"))
    assert tuning_rates([committed]) == []
    for offer in ([committed, free], [free, committed]):
        assert tuning_rates(offer) == [TuningRate("novamicro", "unit hour", 70.0)]


def test_a_unit_that_is_not_the_one_it_is_counted_in_is_no_price() -> None:
    wrong = [{**one, "terms": product("second", "1")["terms"]} for one in OFFER]
    assert tuning_rates(wrong) == []


def test_what_aws_told_is_shown_with_its_region_and_source(invoke: Invoke, tmp_path: Path) -> None:
    write_observation(observed("us-east-1", *RATES), tmp_path / ".fourfold")
    output = invoke("nova-micro")
    assert "training:    USD 4 per million tokens of each epoch in us-east-1" in output
    assert "storage:     USD 3 a month in us-east-1" in output
    assert "model unit:  USD 70 an hour, without commitment in us-east-1" in output
    assert "asking:      USD 0.05 in, 0.2 out per million tokens in us-east-1" in output
    assert "AWS's own answer in us-east-1" in output.split("fine-tuning, training")[1]


def test_a_price_is_laid_over_only_where_the_model_is_tuned() -> None:
    followed = overlaid(ENTRIES, [observed("eu-west-2", *RATES)])
    assert followed["nova-micro"].customizations == ENTRIES["nova-micro"].customizations


def test_only_fine_tuning_has_the_price_that_aws_names_of_customization(invoke: Invoke, tmp_path: Path) -> None:
    [tuned] = [one for one in ENTRIES["nova-micro"].customizations if one.method == "fine-tuning" and one.regions]
    distilled = tuned.model_copy(update={"method": "distillation", "prices": ()})
    both = {"nova-micro": ENTRIES["nova-micro"].model_copy(update={"customizations": (tuned, distilled)})}
    followed = overlaid(both, [observed("us-east-1", *RATES)])["nova-micro"].customizations
    assert followed[0].prices[0].usd_trained == 0.004
    assert followed[1] == distilled
    assert dict(tuning_prices(both["nova-micro"]))["distillation, training"] == "no source read"
    write_observation(observed("us-east-1", *RATES), tmp_path / ".fourfold")
    assert "distillation, training:   no source read\n" in invoke("nova-micro")


def test_after_aws_was_asked_it_is_said_what_it_does_not_name(invoke: Invoke, tmp_path: Path) -> None:
    assert "refresh --region us-east-1 --write` asks AWS" in invoke("nova-micro")
    write_observation(observed("us-east-1", TuningRate("novamicro", "training", 0.004)), tmp_path / ".fourfold")
    output = invoke("nova-micro")
    assert "fine-tuning, training:    USD 4 per million tokens of each epoch in us-east-1" in output
    assert "fine-tuning, storage:     AWS names none by the month in us-east-1" in output
    assert "fine-tuning, model unit:  AWS names none by the hour in us-east-1" in output
    assert "fine-tuning, asking:      on demand as the base model" in output
    assert "asks AWS" not in output


def test_a_model_of_which_aws_names_no_price_at_all_has_its_answer_as_source(invoke: Invoke, tmp_path: Path) -> None:
    write_observation(Observation(region="us-west-2", day="2026-12-01", models=()), tmp_path / ".fourfold")
    output = invoke("llama-3-3-70b-instruct")
    for what in ("training:    AWS names none by the token", "asking:      AWS names none by the token"):
        assert f"{what} in us-west-2" in output
    assert "AWS's own answer in us-west-2" in output.split("fine-tuning, training")[1]
    assert "asks AWS" not in output


def test_of_what_no_source_was_read_it_is_said_and_who_can_be_asked(invoke: Invoke) -> None:
    output = invoke("llama-3-1-8b-instruct")
    asking = "no source read; `fourfold models refresh --region us-west-2 --write` asks AWS"
    assert output.count(asking) == 3
    assert "fine-tuning, asking:      by the model unit alone" in output


def test_a_tuned_nova_is_billed_on_demand_as_its_base_by_the_source_that_says_so(invoke: Invoke) -> None:
    output = invoke("nova-micro")
    assert "fine-tuning, asking:      on demand as the base model" in output
    assert "customize-amazon-nova-models-with-amazon-bedrock-fine-tuning/, read 2026-11-26" in output
    assert "distillation, asking:     no source read" in output


def test_sagemaker_bills_instances_whose_price_the_settings_are_told(invoke: Invoke) -> None:
    assert "`tuning.usd_per_hour`" in invoke("smollm2-135m-instruct")


def test_a_model_that_nobody_tunes_has_no_such_prices(invoke: Invoke) -> None:
    assert "no source read" not in invoke("claude-haiku-4-5")


def test_a_list_of_what_can_be_tuned_has_a_column_of_it(invoke: Invoke, tmp_path: Path) -> None:
    rows = [line.split("\t") for line in invoke("--customizable", "fine-tuning").splitlines()]
    assert rows[0][-1] == "tuning"
    cells = {row[0]: row[-1] for row in rows}
    assert cells["nova-micro"].startswith("bedrock: asking on demand as the base model; sagemaker: ")
    assert cells["smollm2-135m-instruct"] == "sagemaker: by the instance's hour"
    assert "tuning" not in invoke().splitlines()[0].split("\t")
    write_observation(observed("us-east-1", *RATES), tmp_path / ".fourfold")
    assert "training USD 4 per million tokens of each epoch in us-east-1" in invoke("--customizable", "fine-tuning")


def test_what_is_not_known_of_tuning_is_said_once_below_the_table(tmp_path: Path, invoke: Invoke) -> None:
    def notes(method: str) -> list[str]:
        result = CliRunner().invoke(app, ["models", "--customizable", method, "--provider", "amazon"])
        return [line for line in result.stderr.splitlines() if line.startswith("Not known of what")]

    told = "Not known of what fine-tuning costs on Bedrock, and left out: "
    told += "training of {0}, storage of {0}, model unit of {0}"
    asks = "; `fourfold models refresh --region REGION --write` asks AWS."
    assert notes("fine-tuning") == [told.format(5) + asks]
    [of_distillation] = notes("distillation")
    assert of_distillation.endswith("model unit of 2, asking of 2.")
    write_observation(observed("us-east-1", *RATES), tmp_path / ".fourfold")
    assert notes("fine-tuning") == [told.format(4) + asks]
    assert "?" not in invoke("--customizable", "fine-tuning")


def test_a_list_of_what_can_be_imported_has_no_column_of_what_that_costs(invoke: Invoke) -> None:
    heads, *rows = [line.split("\t") for line in invoke("--customizable", "import").splitlines()]
    assert "tuning" not in heads
    assert "smollm2-135m-instruct" in [row[0] for row in rows]
    assert {len(row) for row in rows} == {len(heads)}
