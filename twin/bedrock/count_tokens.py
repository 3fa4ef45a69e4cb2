"""CountTokens: how many tokens a model would read of a request, by its own tokenizer, without answering it."""

from __future__ import annotations

import base64

from twin.bedrock import converse, servers
from twin.bedrock.bodies import text_body
from twin.bedrock.checking import check_shape
from twin.bedrock.named import Named
from twin.bedrock.tool_use import prompt_with_tools
from twin.emulator.hooks import Json, ServiceError


def count_tokens(named: Named, request: Json) -> Json:
    """Answer a CountTokens request. Raises ServiceError, as the request that is counted would."""
    check_shape("CountTokens", {"modelId": "in-the-path", **request})
    if named.family == "embedding":
        raise ServiceError("ValidationException", "The provided model doesn't support counting tokens.")
    return {"inputTokens": _tokens(named, _prompt(named, request["input"]))}


def _prompt(named: Named, given: Json) -> str:
    if "converse" in given:
        converse.check(named.model, given["converse"])
        if "toolConfig" in given["converse"]:
            return prompt_with_tools(named.model, given["converse"])
        return converse.prompt_of(named.model, given["converse"])
    try:
        body = base64.b64decode(given["invokeModel"]["body"], validate=True)
    except (ValueError, TypeError) as error:
        raise ServiceError("ValidationException", f"The body at 'input.invokeModel' is not base64: {error}") from error
    return text_body(named).asked(named.model, body)[0]


def _tokens(named: Named, prompt: str) -> int:
    # As llama.cpp reads a prompt: marks of the template are marks, and what the model begins with is added.
    asked = {"content": prompt, "add_special": True, "parse_special": True}
    return len(servers.ask(named.model, servers.TOKENIZE, asked)["tokens"])
