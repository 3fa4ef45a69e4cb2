"""A line of each format, as short as it can be: what a file that has the form of none is held against."""

from collections.abc import Mapping
from types import MappingProxyType

from pipelines.formats.records import Format

EXAMPLES: Mapping[Format, str] = MappingProxyType(
    {
        Format.CHAT: '{"record_id": "1", "messages": [{"role": "user", "content": "…"}, '
        '{"role": "assistant", "content": "…"}]}',
        Format.PROMPT_COMPLETION: '{"prompt": "…", "completion": "…"}',
        Format.CONVERSATION: '{"schemaVersion": "bedrock-conversation-2024", "messages": '
        '[{"role": "user", "content": [{"text": "…"}]}, {"role": "assistant", "content": [{"text": "…"}]}]}',
        Format.MESSAGES: '{"messages": [{"role": "user", "content": "…"}, {"role": "assistant", "content": "…"}]}',
        Format.PRE_TRAINING: '{"input": "…"}',
    }
)
