"""Section `tuning`: the fine-tuning that runs when no candidate is good enough."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from cdk_app.catalogue import CATALOGUE
from cdk_app.settings.customization import BedrockCustomization
from cdk_app.settings.data import Seed
from cdk_app.settings.search import Search
from cdk_app.settings.section import Section

Quantization = Literal["q8_0", "q4_1", "q4_0"]
CUSTOMIZABLE = [key for key, model in CATALOGUE.items() if model.customizable]

LEARNING_RATES = {"lora": 5e-4, "full": 5e-5, "frozen": 5e-5}
"""By method: a model's own weights bear a tenth of what an adapter, which begins at zero, can take."""

DPO_SHARE = 0.1
"""Share of that rate for objective dpo: likelihoods of whole answers move more than those of tokens."""

InstanceType = Annotated[
    str, Field(pattern=r"^ml\.[a-z0-9-]+\.[a-z0-9]+$", examples=["ml.c7i.2xlarge", "ml.g5.xlarge"])
]


class Tuning(Section):
    """Fine-tuning of an open-weight model on SageMaker, or of a foundation model on Bedrock."""

    enabled: bool = True
    """Fine-tune when no candidate reaches the floor; otherwise such a run fails."""

    service: Literal["sagemaker", "bedrock"] = "sagemaker"
    """Where tuning happens: `sagemaker` trains `tuning.model` by the settings of this section; `bedrock` customizes \
`tuning.bedrock.model`. A run may choose the other one where `tuning.bedrock` says what to customize."""

    bedrock: BedrockCustomization | None = None
    """What Bedrock customizes. Without it the workflow has no permission to customize anything."""

    model: Annotated[str, Field(json_schema_extra={"enum": CUSTOMIZABLE})] = "smollm2-135m-instruct"
    """Key of the model to fine-tune; its weights must be open."""

    method: Literal["lora", "full", "frozen"] = "lora"
    """What is trained: a low-rank adapter, all weights, or those of the last layers, the final norm and the head (which
    stays as it is where it is the input embedding too)."""

    trained_layers: Annotated[int, Field(ge=1, le=1000)] = 4
    """How many of the last layers method frozen trains."""

    objective: Literal["supervised", "continued-pretraining", "dpo"] = "supervised"
    """What is learned, by any method: to write the targets (supervised), every token of the texts \
(continued-pretraining), or to prefer the target to the rejected answer of a pair (dpo)."""

    beta: Annotated[float, Field(ge=0.001, le=10)] = 0.1
    """How close dpo keeps to the base model: a smaller one lets the tuned model go farther from it."""

    label_smoothing: Annotated[float, Field(ge=0, le=0.49)] = 0.0
    """Share of the pairs that dpo takes to be labelled the wrong way round."""

    rank: Annotated[int, Field(ge=1, le=256)] = 16
    """Rank of the LoRA matrices."""

    alpha: Annotated[int, Field(ge=1, le=512)] = 32
    """LoRA scaling; the update is multiplied by alpha / rank."""

    dropout: Annotated[float, Field(ge=0, le=0.5)] = 0.05
    """Dropout on the LoRA branch."""

    learning_rate: Annotated[float, Field(ge=1e-7, le=0.01)] | None = None
    """Peak learning rate. Where none is given, the method has its own: 5e-4 for lora, 5e-5 for full and frozen, and
    for objective dpo a tenth of that."""

    warm_up: Annotated[float, Field(ge=0, le=0.9)] = 0.1
    """Share of the steps in which the learning rate rises to its peak."""

    schedule: Literal["cosine", "linear", "constant"] = "cosine"
    """How the learning rate falls from its peak."""

    weight_decay: Annotated[float, Field(ge=0, le=1)] = 0.0
    """AdamW's weight decay, on matrices only."""

    epochs: Annotated[int, Field(ge=1, le=20)] = 1
    """Passes over the training examples."""

    patience: Annotated[int, Field(ge=0, le=20)] = 0
    """Epochs without a lower held-out loss after which training ends, with the weights of the best; 0 never stops."""

    batch_size: Annotated[int, Field(ge=1, le=256)] = 8
    """Examples in a step."""

    max_length: Annotated[int, Field(ge=32, le=131_072)] = 256
    """Longest example in tokens, prompt and answer together; of a longer one the text's end is cut off, and one that
    would lose more than half of its text is left out."""

    max_examples: Annotated[int, Field(ge=8, le=1_000_000)] = 2000
    """Most examples to train on."""

    test_examples: Annotated[int, Field(ge=16, le=10_000)] = 200
    """Most test records for the final figures."""

    seed: Seed = 13
    """Seed of the training: order of the examples, dropout, initial adapter."""

    minimum_loss_reduction: Annotated[float, Field(ge=0.001, le=0.99)] = 0.05
    """Share by which held-out loss must surely fall for the tuned model to be registered."""

    slice_tolerance: Annotated[float, Field(ge=0.001, le=0.5)] = 0.05
    """By how much the tuned model may fall below its base in a slice of the test records: by length, file, language."""

    general_tolerance: Annotated[float, Field(ge=0.001, le=0.5)] = 0.1
    """By how much the tuned model may fall below its base on the general questions, in the probability of the right
    answer."""

    quantization: Quantization = "q8_0"
    """What the tuned model's weights are stored as for the endpoint: q8_0 has 8.5 bits a number, q4_1 5, q4_0 4.5."""

    quantization_tolerance: Annotated[float, Field(ge=0.0001, le=1)] = 0.05
    """How far the quantized model's held-out loss may be from the trained model's, in nats by answer token; training
    fails where it is further off."""

    instance_type: InstanceType = "ml.g5.xlarge"
    """SageMaker instance type of the training job."""

    usd_per_hour: Annotated[float, Field(ge=0.001, le=1000)] | None = None
    """Price of the training instance an hour in US dollars, for the cost on the model card; without it the card says
    for how many seconds it is billed."""

    instances: Annotated[int, Field(ge=1, le=16)] = 1
    """Instances of the training job. Each GPU of each takes its share of every batch; what is learned is the same."""

    sharding: Literal["auto", "always", "never"] = "auto"
    """Spread a model whose own weights are trained over all GPUs, instead of a copy on each: auto does so where a copy
    would take more than six tenths of a GPU's memory (16 bytes a weight)."""

    evaluation_instance_type: InstanceType = "ml.g5.xlarge"
    """SageMaker instance type of the evaluation job."""

    max_runtime_minutes: Annotated[int, Field(ge=10, le=7200)] = 120
    """Minutes after which SageMaker stops the training job."""

    spot: bool = False
    """Train on spot instances, which cost less and may be taken away: SageMaker then waits for another, and training
    goes on from its last checkpoint."""

    max_wait_minutes: Annotated[int, Field(ge=10, le=14_400)] | None = None
    """Minutes after which a training job on spot instances is given up, the waiting included. Where none are given,
    twice `max_runtime_minutes`."""

    max_lost_minutes: Annotated[float, Field(ge=0, le=1440)] = 10.0
    """Most minutes of training that are lost with an instance that goes without warning. Checkpoints are saved more
    often where that is cheap, and never so often that saving takes more than 3 % of the time."""

    keep_alive_minutes: Annotated[int, Field(ge=0, le=60)] = 0
    """Minutes for which SageMaker keeps the training instance ready for the next job (a warm pool). They are billed, \
and the account needs a quota for them, which is 0 at first."""

    retries: Annotated[int, Field(ge=0, le=10)] = 4
    """How often a job that finds no capacity or meets a fault of the service is tried again, a minute later and each
    time after twice as long."""

    search: Search | None = None
    """Automatic model tuning: without this section, one training job with the settings above."""

    @property
    def peak_learning_rate(self) -> float:
        """The given learning rate, or else the method's for the objective."""
        if self.learning_rate is not None:
            return self.learning_rate
        return LEARNING_RATES[self.method] * (DPO_SHARE if self.objective == "dpo" else 1)

    @property
    def longest_wait_minutes(self) -> int:
        """Minutes after which SageMaker gives the training job up: those that it may run, unless it waits for spots."""
        if not self.spot:
            return self.max_runtime_minutes
        return 2 * self.max_runtime_minutes if self.max_wait_minutes is None else self.max_wait_minutes
