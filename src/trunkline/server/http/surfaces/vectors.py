"""Embeddings in the encoding that was asked for, whatever the provider sent: numbers, or base64 of them.

Base64 stands for little-endian float32 (spec gateway 2.10), as OpenAI has it.
"""

from __future__ import annotations

from base64 import b64decode, b64encode

import msgspec
import numpy as np

from trunkline.server.domain.generation.request import GenerationRequest

Raw = msgspec.Raw
_BASE64 = b'"base64"'


def wants_base64(asked: GenerationRequest) -> bool:
    """Tell whether a request asks for base64."""
    stated = asked.fields.get("encoding_format")
    return stated is not None and bytes(stated).strip() == _BASE64


def encoded(vector: Raw, *, base64: bool) -> Raw:
    """Return a vector's JSON in the encoding asked for; what is neither numbers nor base64 stays as it came."""
    is_text = bytes(vector).lstrip()[:1] == b'"'
    if is_text == base64:
        return vector
    try:
        if base64:
            numbers = np.asarray(msgspec.json.decode(vector, type=list[float]), dtype="<f4")
            return Raw(msgspec.json.encode(b64encode(numbers.tobytes()).decode()))
        values = np.frombuffer(b64decode(msgspec.json.decode(vector, type=str), validate=True), dtype="<f4")
        return Raw(msgspec.json.encode(values.tolist()))
    except (msgspec.DecodeError, ValueError):
        return vector
