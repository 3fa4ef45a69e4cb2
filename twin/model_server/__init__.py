"""llama.cpp's HTTP server as a subprocess of the twin: one process for each model that is served.

It speaks what llama-server speaks: `/health`, `/v1/chat/completions`, `/completion`, `/v1/embeddings`,
`/tokenize`, `/apply-template`.
"""

from twin.model_server.flags import served_model
from twin.model_server.program import BUILT, PROGRAM_VARIABLE, ProgramError, own_program, program_environment
from twin.model_server.server import Answer, ModelServer, ModelServerError, request
from twin.model_server.streaming import AnswerStream

__all__ = [
    "BUILT",
    "PROGRAM_VARIABLE",
    "Answer",
    "AnswerStream",
    "ModelServer",
    "ModelServerError",
    "ProgramError",
    "own_program",
    "program_environment",
    "request",
    "served_model",
]
