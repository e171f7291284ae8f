"""Reads Gemini's answers, streamed or whole, as the events of an OpenAI-shaped answer.

Source: ai.google.dev/api/generate-content#GenerateContentResponse. A stream is a row of whole answers, each with
the next parts; nothing marks its end but the finish reason.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from hashlib import sha256
from typing import Any, Final

import msgspec

from trunkline.server.adapters.providers import faults
from trunkline.server.adapters.providers.dialects import gemini_embeddings, gemini_grounding, gemini_signatures
from trunkline.server.adapters.providers.dialects.dialect import Garbage, decoded_object
from trunkline.server.adapters.providers.dialects.gemini_usage import usage
from trunkline.server.domain.generation.delta import Delta, Event, Failed, Finished, Started, Used
from trunkline.server.domain.generation.fault import FaultType
from trunkline.server.domain.generation.request import Surface

Json = dict[str, Any]

MEMBERS: Final = frozenset({"candidates", "promptFeedback", "usageMetadata", "modelVersion", "responseId"})
"""One of these at least is in every answer."""
STOPPED: Final = "STOP"
UNSPECIFIED: Final = "FINISH_REASON_UNSPECIFIED"
REASONS: Final = {
    STOPPED: "stop",
    "MAX_TOKENS": "length", "CONTINUATION": "length",
    **dict.fromkeys(
        ("SAFETY", "RECITATION", "LANGUAGE", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "IMAGE_SAFETY",
         "IMAGE_PROHIBITED_CONTENT", "IMAGE_RECITATION", "ESCALATION", "MODEL_ARMOR"),
        "content_filter",
    ),
    **dict.fromkeys(
        ("OTHER", "MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL", "TOO_MANY_TOOL_CALLS", "MALFORMED_RESPONSE",
         "MISSING_THOUGHT_SIGNATURE", "IMAGE_OTHER", "NO_IMAGE", "PUP_LIMITED_DISABLED"),
        "error",
    ),
}  # fmt: skip
"""Canonical finish reasons; one that is not here means that the answer ended by itself."""


class StreamDecoder:
    """Reads the answers of a stream, one by one; counts calls, images and details over all of them."""

    def __init__(self, surface: Surface) -> None:
        self._usage: Json = {}
        self._searches = 0
        self._id = ""
        self._calls = 0
        self._images = 0
        self._details = 0
        self._thinking = False

    @property
    def done(self) -> bool:
        """Never: the body's end is the stream's."""
        return False

    def take(self, data: bytes) -> Sequence[Event]:
        """Return what one answer says. Raises `Garbage`."""
        return list(self.read(decoded_object(data))) if data.strip() else ()

    def read(self, answer: Json) -> Iterator[Event]:
        """Yield what one answer says. Raises `Garbage`."""
        if "error" in answer:
            yield Failed(fault=faults.inside(answer))
            return
        if MEMBERS.isdisjoint(answer):
            raise Garbage("the provider sent JSON without candidates")
        candidates, feedback = answer.get("candidates"), answer.get("promptFeedback")
        self._id = _text(answer.get("responseId")) or self._id
        model = _text(answer.get("modelVersion"))
        yield Started(upstream_id=self._id or None, model=model)
        counted = _object(answer.get("usageMetadata"))
        self._usage |= {name: value for name, value in counted.items() if value is not None}
        candidate = _object(candidates[0]) if isinstance(candidates, list) and candidates else {}
        yield from self._candidate(candidate, model or "")
        if self._usage and (counted or candidate.get("finishReason")):
            yield Used(usage=usage(self._usage, self._searches))
        if not candidate and (reason := _text(_object(feedback).get("blockReason"))):
            refused = "The provider refused the prompt"
            yield Failed(fault=faults.fault(FaultType.CONTENT_POLICY_VIOLATION, refused, provider_code=reason))

    def _candidate(self, candidate: Json, model: str) -> Iterator[Event]:
        parts = _object(candidate.get("content")).get("parts")
        for part in parts if isinstance(parts, list) else ():
            if isinstance(part, dict):
                yield from self._part(part)
        if logprobs := _logprobs(candidate.get("logprobsResult")):
            yield Delta(logprobs=msgspec.Raw(msgspec.json.encode(logprobs)))
        grounding = _object(candidate.get("groundingMetadata"))
        if grounding:
            self._searches = gemini_grounding.searches(grounding, model)
            if found := gemini_grounding.citations(grounding):
                yield Delta(annotations=found)
        native = _text(candidate.get("finishReason"))
        if native and native != UNSPECIFIED:
            reason = "tool_calls" if native == STOPPED and self._calls else REASONS.get(native, "stop")
            yield Finished(reason=reason, native=native)

    def _part(self, part: Json) -> Iterator[Event]:
        signature = _text(part.get("thoughtSignature"))
        owner: str | None = None
        text = _text(part.get("text"))
        if text and part.get("thought") is True:
            if not self._thinking:
                self._thinking = True
                self._details += 1
            yield Delta(reasoning=text, reasoning_details=[gemini_signatures.thought(text, self._details - 1)])
        elif text:
            self._thinking = False
            yield Delta(content=text)
        elif isinstance(call := part.get("functionCall"), dict) and isinstance(call.get("name"), str):
            made = self._call(call)
            owner = made["id"]
            yield Delta(tool_calls=[made])
        elif isinstance(data := part.get("inlineData"), dict) and part.get("thought") is not True:
            owner, delta = self._inline(data)
            yield from () if delta is None else (delta,)
        elif (code := _code(part)) is not None:
            yield Delta(content=code)
        if signature:
            self._thinking = False
            self._details += 1
            yield Delta(reasoning_details=[gemini_signatures.signed(signature, self._details - 1, owner)])

    def _call(self, call: Json) -> Json:
        arguments = msgspec.json.encode(call.get("args") or {}).decode()
        index, self._calls = self._calls, self._calls + 1
        function = {"name": call["name"], "arguments": arguments}
        known = _text(call.get("id")) or self._name(index, function)
        return {"index": index, "id": known, "type": "function", "function": function}

    def _name(self, index: int, function: Json) -> str:
        # Its own, as ids have to be, and yet the same whenever the same answer is read.
        seed = f"{self._id}\0{index}\0{function['name']}\0{function['arguments']}"
        return f"call_{sha256(seed.encode()).hexdigest()[:24]}"

    def _inline(self, data: Json) -> tuple[str | None, Delta | None]:
        kind, content = _text(data.get("mimeType")) or "", _text(data.get("data"))
        if content is None:
            return None, None
        if kind.startswith("audio/"):
            return None, Delta(audio={"data": content})
        owner, self._images = gemini_signatures.image(self._images), self._images + 1
        url = {"url": f"data:{kind or 'image/png'};base64,{content}"}
        return owner, Delta(images=[{"type": "image_url", "image_url": url}])


def whole(body: bytes, surface: Surface) -> Sequence[Event]:
    """Return what a complete body says. Raises `Garbage`."""
    if surface is Surface.EMBEDDINGS:
        return list(gemini_embeddings.vectors(body))
    return list(StreamDecoder(surface).read(decoded_object(body)))


def _code(part: Json) -> str | None:
    """Return code that was run on Google's side, or what came of it, as the text that people read."""
    if isinstance(run := part.get("executableCode"), dict):
        return f"\n```{str(run.get('language') or '').lower()}\n{run.get('code') or ''}\n```\n"
    if isinstance(came := part.get("codeExecutionResult"), dict):
        return f"\n```\n{came.get('output') or ''}\n```\n"
    return None


def _logprobs(stated: object) -> Json | None:
    """Return log probabilities in OpenAI's shape."""
    chosen, tops = _object(stated).get("chosenCandidates"), _object(stated).get("topCandidates")
    if not isinstance(chosen, list):
        return None
    others = tops if isinstance(tops, list) else []
    rows = []
    for position, row in enumerate(chosen):
        near = _object(others[position]).get("candidates") if position < len(others) else None
        rows.append(_token(row) | {"top_logprobs": [_token(other) for other in near or ()]})
    return {"content": rows}


def _token(row: object) -> Json:
    token = str(_object(row).get("token") or "")
    return {"token": token, "logprob": _object(row).get("logProbability"), "bytes": list(token.encode())}


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _object(value: object) -> Json:
    return value if isinstance(value, dict) else {}
