"""AWS operations as Step Functions names them, looked up in botocore's service models.

Step Functions takes service names from the AWS SDK for Java 2 (``sfn``, ``cloudwatchlogs``), operations in
camelCase and their members in PascalCase. It checks none of them before the state runs.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from botocore.model import OperationModel, ServiceModel, Shape

# Folder in botocore where it is not the SDK for Java's name with dashes in it.
_FOLDERS = {"sfn": "stepfunctions", "cloudwatchlogs": "logs", "eventbridge": "events"}


@cache
def service(name: str) -> ServiceModel | None:
    """The service that Step Functions calls ``name``, or None when AWS has none of that name."""
    from botocore.loaders import Loader
    from botocore.model import ServiceModel

    loader = Loader()
    folders = loader.list_available_services("service-2")
    folder = _FOLDERS.get(name) or next((f for f in folders if f.replace("-", "") == name), None)
    if folder is None:
        return None
    model = ServiceModel(loader.load_service_model(folder, "service-2"), folder)
    return model if _sdk_name(str(model.service_id)) == name else None


def operation(service_name: str, action: str) -> OperationModel | None:
    """The operation behind a camelCase ``action``, or None: the case must be exact."""
    model = service(service_name)
    name = action[:1].upper() + action[1:]
    if model is None or not action[:1].islower() or name not in model.operation_names:
        return None
    return model.operation_model(name)


def argument_problems(shape: Shape, value: object, where: str = "") -> list[str]:
    """Members of ``value`` that the input shape lacks, and required ones that are missing.

    Values that are expressions (``{% … %}``) are known at run time only and pass.
    """
    if shape.type_name == "list" and isinstance(value, list):
        return [p for i, item in enumerate(value) for p in argument_problems(shape.member, item, f"{where}[{i}]")]
    if shape.type_name != "structure" or not isinstance(value, dict):
        return []
    members = {name[:1].upper() + name[1:]: member for name, member in shape.members.items()}
    required = {name[:1].upper() + name[1:] for name in shape.required_members}
    problems = [f"{where}.{name} is missing" for name in sorted(required - value.keys())]
    for name, item in value.items():
        if name in members:
            problems += argument_problems(members[name], item, f"{where}.{name}")
        else:
            problems.append(f"{where}.{name} is unknown")
    return problems


def _sdk_name(service_id: str) -> str:
    return "".join(letter for letter in service_id.lower() if letter.isalnum())
