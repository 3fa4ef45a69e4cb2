"""A candidate that is good enough is deployed as it is: nothing is tuned, and no endpoint is made."""

from __future__ import annotations

from tests.twin.end_to_end.deployed import Deployed


def test_a_run_that_the_extractive_baseline_wins_ends_well_and_is_used_without_an_endpoint(deployed: Deployed) -> None:
    outcome, _ = deployed.run()
    assert outcome.status == "SUCCEEDED", outcome.cause

    probed = deployed.use(outcome)

    assert outcome.results["SelectModel"]["chosen"]["strategy"] == "extractive"
    assert (probed.route, probed.endpoint) == ("/v1/summarize", None)
    assert all(example["output"] in example["prompt"] for example in probed.examples)
