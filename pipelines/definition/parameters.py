"""The pipeline's parameters: what one execution may set, in SageMaker Studio or by `StartPipelineExecution`.

Numbers are typed, so that the service refuses `Epochs=many` before anything starts. Defaults repeat those of
the settings; the stack may overwrite a `DefaultValue` with the deployed setting as long as it keeps the type.
"""

from __future__ import annotations

from sagemaker.core.workflow.parameters import Parameter, ParameterFloat, ParameterInteger, ParameterString

# S3 addresses, without a slash at the end. They have no default: they belong to one run.
RUN_ID = ParameterString("RunId")
TRAIN_DATA = ParameterString("TrainData")
VALIDATION_DATA = ParameterString("ValidationData")
TEST_DATA = ParameterString("TestData")
BASE_MODEL = ParameterString("BaseModel")
OUTPUT_PREFIX = ParameterString("OutputPrefix")
# The model.tar.gz of the model in use, to compare with; where there is none, any file that exists.
CHAMPION_MODEL = ParameterString("ChampionModel")

# Its name on the Hugging Face Hub, which an adapter names as its base.
BASE_MODEL_ID = ParameterString("BaseModelId", default_value="HuggingFaceTB/SmolLM2-135M-Instruct")
TRAINING_INSTANCE_TYPE = ParameterString("TrainingInstanceType", default_value="ml.g5.xlarge")
TRAINING_INSTANCES = ParameterInteger("TrainingInstances", default_value=1)
EVALUATION_INSTANCE_TYPE = ParameterString("EvaluationInstanceType", default_value="ml.g5.xlarge")
MAX_LOST_MINUTES = ParameterFloat("MaxLostMinutes", default_value=10.0)
MAX_RUNTIME_SECONDS = ParameterInteger("MaxRuntimeSeconds", default_value=7200)

METHOD = ParameterString("Method", default_value="lora", enum_values=["lora", "full", "frozen"])
TRAINED_LAYERS = ParameterInteger("TrainedLayers", default_value=4)
OBJECTIVE = ParameterString(
    "Objective", default_value="supervised", enum_values=["supervised", "continued-pretraining", "dpo"]
)
BETA = ParameterFloat("Beta", default_value=0.1)
LABEL_SMOOTHING = ParameterFloat("LabelSmoothing", default_value=0.0)
EPOCHS = ParameterInteger("Epochs", default_value=1)
PATIENCE = ParameterInteger("Patience", default_value=0)
LEARNING_RATE = ParameterFloat("LearningRate", default_value=5e-4)
WARM_UP = ParameterFloat("WarmUp", default_value=0.1)
SCHEDULE = ParameterString("Schedule", default_value="cosine", enum_values=["cosine", "linear", "constant"])
WEIGHT_DECAY = ParameterFloat("WeightDecay", default_value=0.0)
LORA_RANK = ParameterInteger("LoraRank", default_value=16)
LORA_ALPHA = ParameterInteger("LoraAlpha", default_value=32)
LORA_DROPOUT = ParameterFloat("LoraDropout", default_value=0.05)
SHARDING = ParameterString("Sharding", default_value="auto", enum_values=["auto", "always", "never"])
BATCH_SIZE = ParameterInteger("BatchSize", default_value=8)
MAX_LENGTH = ParameterInteger("MaxLength", default_value=256)
MAX_EXAMPLES = ParameterInteger("MaxExamples", default_value=2000)
TEST_EXAMPLES = ParameterInteger("TestExamples", default_value=200)
MAX_OUTPUT_TOKENS = ParameterInteger("MaxOutputTokens", default_value=128)
SEED = ParameterInteger("Seed", default_value=13)
METRIC = ParameterString(
    "Metric", default_value="rougeL", enum_values=["rougeL", "exactMatch", "tokenF1", "macroF1", "accuracy"]
)
QUANTIZATION = ParameterString("Quantization", default_value="q8_0", enum_values=["q8_0", "q4_1", "q4_0"])
QUANTIZATION_TOLERANCE = ParameterFloat("QuantizationTolerance", default_value=0.05)

MINIMUM_LOSS_REDUCTION = ParameterFloat("MinimumLossReduction", default_value=0.05)
MINIMUM_METRIC = ParameterFloat("MinimumMetric", default_value=0.3)
SLICE_TOLERANCE = ParameterFloat("SliceTolerance", default_value=0.05)
GENERAL_TOLERANCE = ParameterFloat("GeneralTolerance", default_value=0.1)
LEAK_SIMILARITY = ParameterFloat("LeakSimilarity", default_value=0.8)
SHINGLE_WORDS = ParameterInteger("ShingleWords", default_value=5)

HYPERPARAMETERS: dict[str, Parameter] = {
    "method": METHOD,
    "trained_layers": TRAINED_LAYERS,
    "objective": OBJECTIVE,
    "beta": BETA,
    "label_smoothing": LABEL_SMOOTHING,
    "epochs": EPOCHS,
    "patience": PATIENCE,
    "learning_rate": LEARNING_RATE,
    "warm_up": WARM_UP,
    "schedule": SCHEDULE,
    "weight_decay": WEIGHT_DECAY,
    "lora_rank": LORA_RANK,
    "lora_alpha": LORA_ALPHA,
    "lora_dropout": LORA_DROPOUT,
    "sharding": SHARDING,
    "batch_size": BATCH_SIZE,
    "max_length": MAX_LENGTH,
    "max_examples": MAX_EXAMPLES,
    "seed": SEED,
    # Training refuses targets that the metric could not compare, before anything is spent.
    "metric": METRIC,
    "quantization": QUANTIZATION,
    "quantization_tolerance": QUANTIZATION_TOLERANCE,
    "max_lost_minutes": MAX_LOST_MINUTES,
    "base_model_id": BASE_MODEL_ID,
}

EVALUATION: dict[str, Parameter] = {
    "test_examples": TEST_EXAMPLES,
    "max_output_tokens": MAX_OUTPUT_TOKENS,
    "max_length": MAX_LENGTH,
    "seed": SEED,
    "metric": METRIC,
    "objective": OBJECTIVE,
    "beta": BETA,
    "label_smoothing": LABEL_SMOOTHING,
    "minimum_metric": MINIMUM_METRIC,
    "minimum_loss_reduction": MINIMUM_LOSS_REDUCTION,
    "slice_tolerance": SLICE_TOLERANCE,
    "general_tolerance": GENERAL_TOLERANCE,
    "leak_similarity": LEAK_SIMILARITY,
    "shingle_words": SHINGLE_WORDS,
}

PARAMETERS: tuple[Parameter, ...] = (
    RUN_ID,
    TRAIN_DATA,
    VALIDATION_DATA,
    TEST_DATA,
    BASE_MODEL,
    OUTPUT_PREFIX,
    CHAMPION_MODEL,
    TRAINING_INSTANCE_TYPE,
    TRAINING_INSTANCES,
    EVALUATION_INSTANCE_TYPE,
    MAX_RUNTIME_SECONDS,
    *HYPERPARAMETERS.values(),
    TEST_EXAMPLES,
    MAX_OUTPUT_TOKENS,
    MINIMUM_LOSS_REDUCTION,
    MINIMUM_METRIC,
    SLICE_TOLERANCE,
    GENERAL_TOLERANCE,
    LEAK_SIMILARITY,
    SHINGLE_WORDS,
)
