"""What a value is, in JSON's words; what JSON has no word for, by its own name."""

_NAMES: dict[type, str] = {
    bool: "boolean",
    dict: "object",
    float: "number",
    int: "number",
    list: "array",
    str: "string",
    type(None): "null",
}


def json_type(value: object) -> str:
    """Return the type of a value for a message."""
    return next((_NAMES[kind] for kind in type(value).__mro__ if kind in _NAMES), type(value).__name__)
