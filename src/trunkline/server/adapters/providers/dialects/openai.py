"""OpenAI's chat completions, text completions and embeddings, as a hundred servers speak them."""

from typing import Final

from trunkline.server.adapters.providers.dialects import openai_answers, openai_requests
from trunkline.server.adapters.providers.dialects.dialect import Dialect

OPENAI: Final = Dialect(
    encode=openai_requests.encode,
    decoder=openai_answers.StreamDecoder,
    whole=openai_answers.whole,
    key_header=("authorization", "Bearer "),
)
