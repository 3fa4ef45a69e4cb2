"""Rules on instance types and the endpoint."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from botocore.loaders import Loader

from cdk_app.settings.explain import suggest
from cdk_app.settings.rules.rule import Breach, Subject, rule

INSTANCE_TYPE = ("serving", "instance_type")
CPU_FAMILIES = ("c", "m", "r", "t")
_FAMILY = re.compile(r"(?P<kind>[a-z]+)\d+(?P<processor>[a-z]?)")


@rule("serving.mode", "serving.instance_type", "serving.instance_count")
def serverless_has_no_instances(subject: Subject) -> Iterator[Breach]:
    """A serverless endpoint is sized by memory, and has no GPU."""
    serving = subject.settings.serving
    if serving.mode != "serverless":
        return
    if serving.instance_type is not None:
        what = "a GPU instance" if _has_accelerator(serving.instance_type) else "an instance"
        message = f"a serverless endpoint cannot have {what} (`{serving.instance_type}`)"
        yield Breach(INSTANCE_TYPE, message, "Remove it, or set `serving.mode: real-time`.")
    if serving.instance_count != 1:
        message = "a serverless endpoint has no instances to count"
        yield Breach(("serving", "instance_count"), message, "Remove it, or set `serving.mode: real-time`.")


@rule("serving.mode", "serving.instance_type")
def real_time_names_a_cpu_instance(subject: Subject) -> Iterator[Breach]:
    """The serving image computes on the CPU: a GPU would be paid for and never used."""
    serving = subject.settings.serving
    if serving.mode != "real-time":
        return
    if serving.instance_type is None:
        remedy = "Add `instance_type: ml.c7i.xlarge`, or set `serving.mode: serverless`."
        yield Breach(INSTANCE_TYPE, "a real-time endpoint needs an instance type", remedy)
    elif _has_accelerator(serving.instance_type):
        message = f"`{serving.instance_type}` has an accelerator that the serving image (llama.cpp on CPU) leaves idle"
        yield Breach(INSTANCE_TYPE, message, "Choose a CPU type, such as `ml.c7i.xlarge`.")
    elif _is_arm(serving.instance_type):
        message = f"`{serving.instance_type}` has an Arm processor, for which the serving image is not built"
        yield Breach(INSTANCE_TYPE, message, "Choose a type of Intel or AMD, such as `ml.c7i.xlarge`.")


@rule("serving.instance_type")
def hosting_instance_exists(subject: Subject) -> Iterator[Breach]:
    """A mistyped instance type would be found only in mid-deployment."""
    instance_type = subject.settings.serving.instance_type
    if instance_type is not None:
        yield from _unknown_instance(INSTANCE_TYPE, instance_type, "ProductionVariantInstanceType", "endpoints")


@rule("tuning.instance_type")
def training_instance_exists(subject: Subject) -> Iterator[Breach]:
    """As for the endpoint."""
    instance_type = subject.settings.tuning.instance_type
    yield from _unknown_instance(("tuning", "instance_type"), instance_type, "TrainingInstanceType", "training jobs")


@rule("tuning.evaluation_instance_type")
def evaluation_instance_exists(subject: Subject) -> Iterator[Breach]:
    """As for the endpoint."""
    instance_type = subject.settings.tuning.evaluation_instance_type
    path = ("tuning", "evaluation_instance_type")
    yield from _unknown_instance(path, instance_type, "ProcessingInstanceType", "processing jobs")


def _has_accelerator(instance_type: str) -> bool:
    """Whether the type has a GPU or an AWS accelerator, by the letters of its family: `trn1` is no `t3`."""
    family = _FAMILY.match(instance_type.split(".")[1])
    return family is None or family["kind"] not in CPU_FAMILIES


def _is_arm(instance_type: str) -> bool:
    """Whether the type has one of AWS's own processors: the letter after the generation is a g, as in `c7g`."""
    family = _FAMILY.match(instance_type.split(".")[1])
    return family is not None and family["processor"] == "g"


def _unknown_instance(path: tuple[str, ...], instance_type: str, shape: str, use: str) -> Iterator[Breach]:
    known = _instance_types(shape)
    if instance_type not in known:
        message = f"SageMaker has no `{instance_type}` for {use}"
        yield Breach(path, message, suggest(instance_type, known))


@cache
def _instance_types(shape: str) -> tuple[str, ...]:
    """Instance types of one use, from the service model that boto3 carries: no network is needed."""
    shapes = Loader().load_service_model("sagemaker", "service-2")["shapes"]
    return tuple(shapes[shape]["enum"])
