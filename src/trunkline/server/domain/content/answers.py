"""Answers held against content filters while they come: every text of them by itself, whatever pieces it comes in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from msgspec import structs

from trunkline.server.domain.content.filters import Filter
from trunkline.server.domain.content.inspection import Effort, Finding, Inspection
from trunkline.server.domain.content.streams import Redactor
from trunkline.server.domain.content.texts import arguments
from trunkline.server.domain.generation.delta import Delta

_TEXTS: Final = ("content", "reasoning", "refusal")
_DETAILS: Final = ("text", "summary")
MOST_SECONDS: Final = 0.25
"""Processor time for one piece: other calls wait for it."""
_Key = tuple[int, str, str | None]
"""A text of an answer: its choice, its name, and which of several details it belongs to."""


class Sieve:
    """What one answer passes through. It holds back what is not decided yet; `end` gives that at the end.

    The arguments of a tool call come out as one, once the answer has ended: they are JSON and stay that. Log
    probabilities do not come out, for they tell the tokens of what is redacted.
    """

    def __init__(self, filters: tuple[Filter, ...], processor: Callable[[], float]) -> None:
        self._filters = filters
        self._inspection = Inspection(filters, Effort(processor, MOST_SECONDS))
        self._texts: dict[_Key, Redactor] = {}
        self._details: dict[_Key, dict[str, Any]] = {}
        self._arguments: dict[tuple[int, int], list[str]] = {}

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What was found so far."""
        return self._inspection.findings

    def passed(self, piece: Delta) -> Delta | None:
        """Return what may come out of a piece, None for nothing. Raises `Blocked` and `TooMuch`."""
        self._inspection.effort.renew()
        changes: dict[str, Any] = {"logprobs": None}
        for name in _TEXTS:
            if (text := getattr(piece, name)) is not None:
                changes[name] = self._text((piece.index, name, None), text) or (None if text else text)
        if piece.reasoning_details:
            changes["reasoning_details"] = [self._detail(piece.index, each) for each in piece.reasoning_details]
        if piece.tool_calls:
            changes["tool_calls"] = [self._call(piece.index, each) for each in piece.tool_calls]
        if piece.audio and isinstance(said := piece.audio.get("transcript"), str):
            changes["audio"] = piece.audio | {"transcript": self._text((piece.index, "audio", None), said)}
        made = structs.replace(piece, **changes)
        return made if made.is_token or not piece.is_token else None

    def end(self) -> list[Delta]:
        """Return what was held back, by choice. Raises `Blocked` and `TooMuch`."""
        self._inspection.effort.renew()
        held: dict[int, dict[str, Any]] = {}
        for key, redactor in self._texts.items():
            index, name, _ = key
            text = redactor.feed("", final=True)
            if not text:
                continue
            of = held.setdefault(index, {})
            if key in self._details:
                of.setdefault("reasoning_details", []).append(self._details[key] | {name: text})
            else:
                of[name] = {"transcript": text} if name == "audio" else text
        for (choice, call), parts in self._arguments.items():
            text = arguments("".join(parts), self._inspection.text, user=False)
            if text:
                function = {"index": call, "function": {"arguments": text}}
                held.setdefault(choice, {}).setdefault("tool_calls", []).append(function)
        self._texts.clear()
        self._arguments.clear()
        return [Delta(index=index, **texts) for index, texts in held.items()]

    def _text(self, key: _Key, text: str) -> str:
        redactor = self._texts.get(key)
        if redactor is None:
            redactor = self._texts[key] = Redactor(self._filters, self._inspection)
        return redactor.feed(text)

    def _detail(self, choice: int, piece: dict[str, Any]) -> dict[str, Any]:
        changed = {}
        for name in _DETAILS:
            if isinstance(text := piece.get(name), str):
                key = (choice, name, f"{piece.get('type')} {piece.get('index')}")
                self._details[key] = {of: piece.get(of) for of in ("type", "index", "format", "id") if of in piece}
                changed[name] = self._text(key, text)
        return piece | changed

    def _call(self, choice: int, fragment: dict[str, Any]) -> dict[str, Any]:
        function = fragment.get("function")
        if not isinstance(function, dict) or not isinstance(said := function.get("arguments"), str):
            return fragment
        index = fragment.get("index", 0)
        self._arguments.setdefault((choice, index if isinstance(index, int) else 0), []).append(said)
        return fragment | {"function": function | {"arguments": ""}}
