"""The parameters of the SageMaker pipeline, out of a run's settings; the service takes them all as strings."""

from __future__ import annotations

from decimal import Decimal

from lambdas.shared.fields import Fields

# Pipeline parameter → setting under `tuning`, for those that are handed on as they are.
NUMBERS = {
    "TrainedLayers": "trained_layers",
    "Epochs": "epochs",
    "Patience": "patience",
    "TrainingInstances": "instances",
    "WarmUp": "warm_up",
    "WeightDecay": "weight_decay",
    "Beta": "beta",
    "LabelSmoothing": "label_smoothing",
    "LoraRank": "rank",
    "LoraAlpha": "alpha",
    "LoraDropout": "dropout",
    "BatchSize": "batch_size",
    "MaxLength": "max_length",
    "MaxExamples": "max_examples",
    "TestExamples": "test_examples",
    "Seed": "seed",
    "MaxLostMinutes": "max_lost_minutes",
    "MinimumLossReduction": "minimum_loss_reduction",
    "SliceTolerance": "slice_tolerance",
    "GeneralTolerance": "general_tolerance",
}

# Of two texts that are less alike, preparation finds only most pairs. What it cannot keep apart is no leak.
LEAST_LEAK_SIMILARITY = 0.8


# What a run that names no learning rate trains with, by its method: the settings have the same.
LEARNING_RATES = {"lora": 5e-4, "full": 5e-5, "frozen": 5e-5}
# Share of that rate for objective dpo.
DPO_SHARE = 0.1


def pipeline_parameters(
    run_id: str,
    *,
    curated_uri: str,
    models_uri: str,
    tuning: Fields,
    near_duplicates: Fields,
    max_output_tokens: int,
    metric: str,
    floor: float,
    champion_model_data_url: str,
) -> dict[str, str]:
    """Give every parameter of the pipeline.

    Args:
        run_id: the run's id.
        curated_uri: ``s3://<curated bucket>/<dataset>/run=<id>``.
        models_uri: ``s3://<models bucket>``.
        tuning: the settings under ``tuning``.
        near_duplicates: the settings under ``data.near_duplicates``.
        max_output_tokens: after which an answer is cut off, in evaluation as at the endpoint.
        metric: what the tuned model is measured by.
        floor: least value of the metric that the tuned model has to reach.
        champion_model_data_url: the address of the model in use, or ``none``.
    """
    method = tuning.text("method")
    base_model = f"{models_uri}/base/{tuning.text('model')}"
    return {
        "RunId": run_id,
        "TrainData": f"{curated_uri}/train",
        "ValidationData": f"{curated_uri}/validation",
        "TestData": f"{curated_uri}/test",
        "BaseModel": base_model,
        "OutputPrefix": f"{models_uri}/run={run_id}",
        "ChampionModel": _champion_model(champion_model_data_url, base_model),
        "TrainingInstanceType": tuning.text("instance_type"),
        "EvaluationInstanceType": tuning.text("evaluation_instance_type"),
        "MaxRuntimeSeconds": str(60 * tuning.integer("max_runtime_minutes", minimum=1)),
        **_spot(tuning),
        "Method": method,
        "Objective": tuning.text("objective"),
        "LearningRate": _plain(_learning_rate(tuning, method)),
        "Schedule": tuning.text("schedule"),
        "Sharding": tuning.text("sharding"),
        **{name: _plain(tuning.number(setting)) for name, setting in NUMBERS.items()},
        "MaxOutputTokens": str(max_output_tokens),
        "Metric": metric,
        "MinimumMetric": _plain(floor),
        "LeakSimilarity": _plain(max(near_duplicates.number("similarity"), LEAST_LEAK_SIMILARITY)),
        "ShingleWords": str(near_duplicates.integer("shingle_words", minimum=1)),
    }


def _champion_model(url: str, base_model: str) -> str:
    """Give what the evaluation mounts as the model in use; an input must exist, so a small file stands for none."""
    return url if url.startswith("s3://") else f"{base_model}/config.json"


def _spot(tuning: Fields) -> dict[str, str]:
    """Give how long to wait for spot instances; without them the pipeline has no such parameter.

    The service demands that the time includes that of running, which a run may have raised.
    """
    if not tuning.flag("spot"):
        return {}
    runtime = tuning.integer("max_runtime_minutes", minimum=1)
    given = tuning.integer("max_wait_minutes", minimum=1) if "max_wait_minutes" in tuning else 2 * runtime
    return {"MaxWaitSeconds": str(60 * max(given, runtime))}


def _learning_rate(tuning: Fields, method: str) -> float:
    if "learning_rate" in tuning:
        return tuning.number("learning_rate")
    if method not in LEARNING_RATES:
        raise tuning.complaint(f"The field 'method' is {method!r}, not one of {', '.join(LEARNING_RATES)}")
    return LEARNING_RATES[method] * (DPO_SHARE if tuning.text("objective") == "dpo" else 1)


def _plain(number: float) -> str:
    """Write a number without an exponent: ``5e-05`` as ``0.00005``."""
    return format(Decimal(repr(number)), "f")
