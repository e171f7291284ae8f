"""Gemini's thought signatures: given out as encrypted reasoning details, and put back on the part that they came with.

A detail's `id` says which part that is: a tool call's own id, `image-N` for the N-th image, none for the text.
Source: ai.google.dev/gemini-api/docs/thought-signatures.
"""

from __future__ import annotations

from base64 import b64encode
from typing import Any, Final

Json = dict[str, Any]

FORMAT: Final = "google-gemini-v1"
"""The format of reasoning details that this dialect writes, and the only one that it takes back."""
UNSIGNED: Final[Json] = {"thoughtSignature": b64encode(b"skip_thought_signature_validator").decode()}
"""The documented signature of calls that no Gemini model made."""


def signed(signature: str, index: int, part: str | None) -> Json:
    """Return the reasoning detail that carries a part's signature."""
    return {"type": "reasoning.encrypted", "data": signature, "id": part, "format": FORMAT, "index": index}


def thought(text: str, index: int) -> Json:
    """Return the reasoning detail of a piece of a thought's summary."""
    return {"type": "reasoning.text", "text": text, "id": None, "format": FORMAT, "index": index}


def image(position: int) -> str:
    """Return what stands for an answer's image in the signature that came with it."""
    return f"image-{position}"


class Signatures:
    """The signatures among a message's reasoning details, each for the part that it came with."""

    def __init__(self, details: object) -> None:
        self._by_part: dict[str | None, str] = {}
        for detail in details if isinstance(details, list) else ():
            if not isinstance(detail, dict) or detail.get("format") != FORMAT:
                continue
            data, part = detail.get("data"), detail.get("id")
            if detail.get("type") == "reasoning.encrypted" and isinstance(data, str) and data:
                self._by_part[part if isinstance(part, str) else None] = data

    def of_text(self) -> str | None:
        """Return the signature of the text."""
        return self._by_part.get(None)

    def of_call(self, call: object) -> Json:
        """Return what is to be added to a tool call."""
        return self._of(call) if isinstance(call, str) else {}

    def of_image(self, position: int) -> Json:
        """Return what is to be added to an image."""
        return self._of(image(position))

    def _of(self, part: str) -> Json:
        signature = self._by_part.get(part)
        return {} if signature is None else {"thoughtSignature": signature}
