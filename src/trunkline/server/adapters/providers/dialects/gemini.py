"""Google's Gemini: `generateContent`, `streamGenerateContent` and `batchEmbedContents` of its API v1beta."""

from typing import Final

from trunkline.server.adapters.providers.dialects import gemini_answers, gemini_requests
from trunkline.server.adapters.providers.dialects.dialect import Dialect

GEMINI: Final = Dialect(
    encode=gemini_requests.encode,
    decoder=gemini_answers.StreamDecoder,
    whole=gemini_answers.whole,
    key_header=("x-goog-api-key", ""),
)
