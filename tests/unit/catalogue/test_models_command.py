"""`fourfold models`: what it prints, and what its exit code says."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from rich.console import Console

from cdk_app.catalogue import ENTRIES, FACTS_READ, Entry
from cdk_app.catalogue.filters import Query
from cli.models import list_models, tell_of_models
from tests.unit.catalogue.conftest import REGION
from tests.unit.catalogue.models_command import invoke

pytestmark = pytest.mark.usefixtures("root")


def cells(output: str) -> list[list[str]]:
    return [line.split("\t") for line in output.splitlines()]


def test_all_are_listed_with_the_days_of_their_facts() -> None:
    code, output, notes = invoke()
    rows = cells(output)
    assert code == 0
    assert [row[0] for row in rows[1:]] == list(ENTRIES)
    assert {len(row) for row in rows} == {10}
    assert f"{len(ENTRIES)} of {len(ENTRIES)} models." in notes
    assert f"to {FACTS_READ}" in notes


def test_a_line_says_what_a_model_is_and_costs() -> None:
    _, output, _ = invoke("--provider", "amazon", "--kind", "chat", "--max-price", 0.2)
    assert cells(output)[1] == [
        "nova-micro",
        "Amazon",
        "chat",
        "text → text",
        "128,000",
        "from 0.035 in, 0.14 out (US)",
        "bedrock, sagemaker",
        "fine-tuning, distillation",
        "AWS Service Terms",
        "",
    ]


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        (["--kind", "rerank"], {"amazon-rerank", "cohere-rerank-v3-5", "bge-reranker-v2-m3"}),
        (
            ["--modality", "image", "--kind", "embedding"],
            {"cohere-embed-v4", "titan-embed-image-v1", "nova-multimodal-embeddings"},
        ),
        (["--customizable", "import"], {"smollm2-135m-instruct"}),
        (["--licence", "mit"], {"bge-small-en-v1-5"}),
        (["--min-context", 5_000_000], {"llama-4-scout-17b-instruct"}),
        (["--runs-on", "function"], {"extractive-lead"}),
        (["--streaming", "--provider", "amazon"], {"nova-micro", "nova-lite", "nova-pro", "nova-2-lite"}),
        (["--tool-use", "--provider", "ai21"], {"jamba-1-5-large", "jamba-1-5-mini"}),
        (
            ["--region", "eu-west-2", "--provider", "amazon", "--kind", "chat"],
            {"nova-micro", "nova-lite", "nova-pro", "nova-2-lite"},
        ),
    ],
)
def test_options_pick(arguments: Sequence[object], found: set[str]) -> None:
    code, output, _ = invoke(*arguments)
    assert code == 0
    assert {row[0] for row in cells(output)[1:]} == found


def test_the_models_that_some_of_their_ways_make_too_dear_are_named_with_those_ways() -> None:
    _, output, notes = invoke("--max-price", 0.5, "--provider", "anthropic")
    assert output == ""
    told = "Left out, as some ways to ask them cost more: claude-haiku-5-5 (by `au`, `eu`, `jp`, `us`)."
    assert f"{told} --region keeps the ways of one region.\n" in notes


def test_the_models_that_are_billed_by_time_are_named_with_their_prices() -> None:
    _, _, notes = invoke("--max-price", 0.1)
    assert "extractive-lead (0.0000166667 per second), smollm2-135m-instruct (0.05718 per minute).\n" in notes
    assert "not billed by" not in invoke()[2]


def test_no_price_is_told_with_an_exponent() -> None:
    _, output, _ = invoke()
    assert "e-0" not in output
    assert "0.00006 per image" in output
    assert "price function:           USD 0.0000166667 per second" in invoke("extractive-lead")[1]


def test_what_is_not_known_is_an_empty_cell_and_said_once_below() -> None:
    _, output, notes = invoke("--provider", "qwen")
    assert "?" not in output
    assert {row[0] for row in cells(output) if not row[4]} == {"qwen2-5-7b-instruct", "qwen3-6-27b"}
    assert "Not known, and left empty: the context of 2, the price of 3, the licence of 2.\n" in notes
    assert "Not known" not in invoke("--provider", "stability", "--region", "us-west-2", "--max-price", 0.01)[2]


def test_what_is_not_known_of_a_model_is_said_once_at_its_end() -> None:
    _, output, _ = invoke("gemma-4-31b-it")
    assert "?" not in output
    assert output.endswith("\n  Not known: context, longest answer, licence, price.\n")
    assert invoke("nova-micro")[1].count("Not known: ") == 1


def test_a_licence_without_a_name_is_told_alike_in_the_list_and_of_the_model() -> None:
    _, output, _ = invoke("--provider", "cohere")
    assert {row[8] for row in cells(output)[1:]} == {"see its terms"}
    _, output, _ = invoke("cohere-embed-v4")
    assert "licence:                  see its terms\n" in output
    assert "terms:                    https://aws.amazon.com/legal/bedrock/third-party-models/" in output


def test_a_model_at_its_end_of_life_is_marked_and_named_below() -> None:
    _, output, notes = invoke("--provider", "ai21")
    assert [row[9] for row in cells(output)[1:]] == ["2026-11-26, ended"] * 2
    assert "Ended: jamba-1-5-large, jamba-1-5-mini. AWS switches a model off on the day" in notes
    assert "\n  Until 2026-11-26, ended: AWS switches" in invoke("jamba-1-5-mini")[1]
    assert "ended" not in invoke("nova-micro")[1]
    assert "Ended" not in invoke("--provider", "amazon")[2]


def test_nothing_that_fits_is_said_and_leaves_with_1() -> None:
    code, output, notes = invoke("--max-price", 0)
    assert (code, output) == (1, "")
    assert "0 of" in notes
    assert "None is known to fit" in notes


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--kind", "talk"], "chat, embedding, image, rerank"),
        (["--modality", "smell"], "text, image, audio"),
        (["--customizable", "magic"], "fine-tuning"),
        (["--region", "eu-west-9"], "Did you mean"),
        (["--max-price", "-1"], "--max-price"),
        (["--provider", "amazn"], "--provider amazn is not known. Did you mean `Amazon`? It takes "),
        (["--licence", "apatche-2.0"], "Did you mean `Apache-2.0`?"),
        (["--kind", "embeding"], "Did you mean `embedding`?"),
        (["--modality", "vidoe"], "Did you mean `video`?"),
        (["--customizable", "finetuning"], "Did you mean `fine-tuning` or `reinforcement-fine-tuning`?"),
        (["--runs-on", "sagemeker"], "Did you mean `sagemaker`?"),
        (["refrsh"], "Did you mean `refresh`?"),
        (["nova-mikro"], "Did you mean `nova-micro`"),
        (["nova-micro", "nova-mikro"], "There is no model nova-mikro in the catalogue. Did you mean `nova-micro`"),
        (["nova-mikro", "xyzzy"], "There is no model xyzzy in the catalogue."),
        (["nova-micro", "nova-lite", "--kind", "chat"], "--kind chat picks from the list"),
        (["refresh", "nova-micro"], "`refresh` asks AWS about every model."),
        (["nova-micro", "--region", "eu-west-9"], "Did you mean"),
    ],
)
def test_what_makes_no_sense_leaves_with_2_and_says_what_does(arguments: Sequence[str], words: str) -> None:
    code, output, error = invoke(*arguments)
    assert code == 2
    assert output == ""
    assert words in error


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("smollm2", "Did you mean `smollm2-135m-instruct` or `smollm2-1-7b-instruct`?"),
        ("SmolLM2-135M", "Did you mean `smollm2-135m-instruct`?"),
        ("amazon.nova-micro-v1:0", "Did you mean `nova-micro`?"),
        ("Qwen/Qwen2.5-7B-Instruct", "Did you mean `qwen2-5-7b-instruct`?"),
        ("claude-haiku", "Did you mean `claude-haiku-4-5` or `claude-haiku-5-5`"),
    ],
)
def test_part_of_a_name_and_the_names_of_others_find_the_model_that_was_meant(word: str, meant: str) -> None:
    code, output, error = invoke(word)
    assert (code, output) == (2, "")
    assert error.startswith(f"There is no model {word} in the catalogue. {meant}")


def test_of_a_word_that_many_models_have_a_few_are_named_and_how_many_more_there_are() -> None:
    _, _, error = invoke("e")
    assert error.count("`") == 2 * (6 + 1)
    assert "more like it. `fourfold models` lists all of them." in error


def test_a_word_that_is_near_to_no_model_sends_to_the_list() -> None:
    assert invoke("xyzzy")[2] == "There is no model xyzzy in the catalogue. `fourfold models` lists all of them.\n"


@pytest.mark.parametrize("arguments", [["--region", "mars"], ["nova-micro", "--region", "mars"]])
def test_a_region_that_is_near_to_none_is_answered_with_those_that_there_are(arguments: Sequence[str]) -> None:
    code, output, error = invoke(*arguments)
    assert (code, output) == (2, "")
    assert error.startswith("No model is known in mars. Regions are af-south-1, ")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--write"], "Say `fourfold models refresh --write`"),
        (["nova-micro", "--write"], "Say `fourfold models refresh --write`"),
        (["nova-micro", "--kind", "chat"], "--kind chat picks from the list"),
        (["nova-micro", "--max-price", "0"], "--max-price 0.0 picks from the list"),
        (["nova-micro", "--streaming", "--licence", "mit"], "or `fourfold models --licence mit --streaming`."),
        (["refresh", "--kind", "chat", "--region", REGION], "Say `fourfold models refresh` with --region or --write"),
        (["refresh", "--json", "--region", REGION], "Leave --json out"),
    ],
)
def test_an_option_that_would_be_left_unheeded_is_refused_with_what_was_meant(
    arguments: Sequence[str], words: str
) -> None:
    code, output, error = invoke(*arguments)
    assert (code, output) == (2, "")
    assert words in error


def test_what_is_not_known_to_send_its_answers_in_parts_is_not_kept() -> None:
    _, output, _ = invoke("--streaming")
    assert {row[0] for row in cells(output)[1:]} == {
        key for key, entry in ENTRIES.items() if entry.abilities and entry.abilities.streaming
    }


def test_a_geography_finds_its_regions() -> None:
    assert "Did you mean `ca-central-1` or `ca-west-1`?" in invoke("--region", "ca-")[2]


def test_a_method_and_a_region_find_what_is_customized_there_and_name_what_is_left_out() -> None:
    code, output, notes = invoke("--customizable", "fine-tuning", "--region", "us-west-2", "--provider", "meta")
    assert code == 0
    assert {row[0] for row in cells(output)[1:]} == {
        "llama-3-1-8b-instruct",
        "llama-3-1-70b-instruct",
        "llama-3-3-70b-instruct",
    }
    assert "Left out" not in notes


def test_what_is_left_out_is_named_with_the_service_whose_regions_are_not_known_and_where_to_look() -> None:
    _, _, notes = invoke("--customizable", "fine-tuning", "--region", "us-west-2")
    [line] = [line for line in notes.splitlines() if line.startswith("Left out")]
    assert line.startswith("Left out, as no source names the regions: SageMaker's fine-tuning of nova-micro, ")
    assert "smollm2-135m-instruct" in line
    assert "Without --region they are listed" in line
    assert "https://docs.aws.amazon.com/general/latest/gr/sagemaker.html" in line


def test_a_model_that_is_kept_is_not_named_as_left_out() -> None:
    _, output, notes = invoke("--customizable", "fine-tuning", "--region", "us-east-1")
    kept = {row[0] for row in cells(output)[1:]}
    [line] = [line for line in notes.splitlines() if line.startswith("Left out")]
    assert "nova-micro" in kept
    assert "nova-micro" not in line


def test_a_method_of_which_no_region_is_known_finds_nothing_in_one_and_says_why() -> None:
    code, output, notes = invoke("--customizable", "distillation", "--region", "us-east-1")
    assert (code, output) == (1, "")
    assert "no source names the regions: Bedrock's distillation of nova-micro, nova-lite." in notes
    assert "SageMaker" not in notes
    assert "Left out" not in invoke("--customizable", "distillation")[2]


def test_a_model_is_told_with_the_source_and_day_of_every_group() -> None:
    code, output, _ = invoke("gpt-oss-20b")
    assert code == 0
    assert "A workflow can name it." in output
    assert "openai.gpt-oss-20b-1:0" in output
    assert "openai-reasoning-gpt-oss-20b" in output
    assert "reinforcement-fine-tuning" in output
    groups = len(ENTRIES["gpt-oss-20b"].groups)
    assert output.count("    from ") >= groups
    assert "litellm 1.110.2, read 2026-11-26)" in output


def test_a_model_that_no_workflow_can_name_says_why() -> None:
    _, output, _ = invoke("titan-embed-text-v2")
    assert "No candidate of a workflow: it is a model for embeddings" in output


def test_a_model_and_a_region_give_the_id_and_the_resources() -> None:
    _, output, _ = invoke("llama-3-1-8b-instruct", "--region", "us-east-1")
    assert "Converse is told `us.meta.llama3-1-8b-instruct-v1:0`" in output
    assert "arn:aws:bedrock:us-west-2::foundation-model/meta.llama3-1-8b-instruct-v1:0" in output
    assert "A workflow deployed to us-east-1 asks it as `us.meta.llama3-1-8b-instruct-v1:0`." in output
    _, output, _ = invoke("nova-micro", "--region", "eu-west-2")
    assert "A workflow deployed to eu-west-2 cannot ask it" in output
    _, output, _ = invoke("llama-3-1-8b-instruct", "--region", "eu-west-1")
    assert "does not answer in eu-west-1. It does in us-east-1" in output


@pytest.mark.parametrize("entry", ENTRIES.values(), ids=list(ENTRIES))
def test_every_price_names_its_place_and_the_model_answers_there(entry: Entry) -> None:
    _, output, _ = invoke("--json", entry.key)
    for price in json.loads(output)["models"][0]["prices"]:
        by, place = price["by"], price["place"]
        if by in ("import", "function"):
            assert place == "the United States"
            continue
        assert entry.bedrock is not None
        answering = [region for region in entry.bedrock.regions if by in entry.bedrock.ways(region)]
        if place == "the United States":
            assert by != "global"
            assert any(region.startswith("us-") for region in answering)
        else:
            assert place == f"the regions of the profile `{by}`"
            assert by in {profile.geography for profile in entry.bedrock.profiles}
            assert by == "global" or not any(region.startswith("us-") for region in answering)


def test_a_price_is_shown_with_its_place() -> None:
    _, output, _ = invoke("nova-micro")
    assert (
        "price eu:                 USD 0.046 in, 0.184 out per million tokens in the regions of the profile `eu`"
        in output
    )
    assert "price us:                 USD 0.035 in, 0.14 out per million tokens in the United States" in output
    _, output, _ = invoke("--region", "eu-west-1", "--provider", "amazon", "--kind", "chat")
    assert cells(output)[1][5] == "0.046 in, 0.184 out (`eu`)"


def test_the_price_of_a_global_profile_is_that_of_its_regions() -> None:
    _, output, _ = invoke("claude-haiku-4-5")
    [line] = [line for line in output.splitlines() if "price global:" in line]
    assert line.endswith("in the regions of the profile `global`")
    _, output, _ = invoke("--provider", "anthropic", "--region", "ap-northeast-1")
    assert {row[0]: row[5] for row in cells(output)}["claude-haiku-4-5"].endswith("(`global`)")


def test_json_has_every_fact_and_every_source_that_it_names() -> None:
    _, output, _ = invoke("--json", "--provider", "meta")
    document = json.loads(output)
    assert all(model["provider"] == "Meta" for model in document["models"])
    named = {
        source for entry in ENTRIES.values() if entry.provider == "Meta" for g in entry.groups.values() for source in g
    }
    assert set(document["sources"]) == named
    assert all(source["read"] for source in document["sources"].values())
    _, output, _ = invoke("--json", "nova-micro")
    assert [model["key"] for model in json.loads(output)["models"]] == ["nova-micro"]


def test_on_a_terminal_the_models_are_a_table(tmp_path: Path) -> None:
    output, notes = io.StringIO(), io.StringIO()
    console = Console(file=output, force_terminal=True, width=240)
    assert list_models(Query(kind="rerank"), False, tmp_path, console, Console(file=notes)) == 0
    assert "amazon-rerank" in output.getvalue()
    assert "\t" not in output.getvalue()


@pytest.mark.parametrize("key", ENTRIES)
def test_every_model_can_be_told_of(key: str, tmp_path: Path) -> None:
    output = io.StringIO()
    tell_of_models([key], "us-east-1", False, tmp_path, Console(file=output))
    assert output.getvalue().startswith(f"{key}: ")
