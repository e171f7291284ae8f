"""Anthropic's Messages."""

from typing import Final

from trunkline.server.adapters.providers.dialects import anthropic_answers, anthropic_requests
from trunkline.server.adapters.providers.dialects.dialect import Dialect

ANTHROPIC: Final = Dialect(
    encode=anthropic_requests.encode,
    decoder=anthropic_answers.StreamDecoder,
    whole=anthropic_answers.whole,
    key_header=("x-api-key", ""),
)
