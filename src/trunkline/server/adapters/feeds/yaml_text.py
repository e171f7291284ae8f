"""Reads YAML from strangers: the JSON part of YAML 1.2, exact numbers, and no way to blow up memory.

Built on the parser's events rather than PyYAML's loaders: those read numbers through floats, take `NO`
for false and dates for objects, keep the last of two equal keys, and the C loader crashes on deep nesting.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import yaml

from trunkline.server.adapters.feeds.decimals import exact

DEEPEST = 64
MOST_VALUES = 2_000_000
"""Values in a document, each alias counted as often as it is used."""
LONGEST_NUMBER = 60

_INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9]*)")
_NUMBER = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_WORDS = {"true": True, "false": False, "null": None, "~": None, "": None}
_STANDARD = "tag:yaml.org,2002:"
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class YamlFault(Exception):
    """The text is no YAML, or more than we read; the message names the line."""


@dataclass(slots=True)
class _Open:
    """A list or mapping that has begun: its value, and for mappings the key that waits for its value."""

    value: Any
    anchor: str | None
    start: int
    key: str | None = None
    stated: set[str] = field(default_factory=set)
    merged: dict[str, Any] = field(default_factory=dict)


def load_yaml(text: str) -> Any:
    """Return the one document in `text` as dicts, lists, strings, ints, Decimals, bools and None.

    Raises `YamlFault` for syntax errors, equal keys, tags other than the standard ones, a second
    document, more than `DEEPEST` levels or `MOST_VALUES` values.
    """
    loader = _LOADER(text)
    builder = _Builder()
    try:
        while True:
            event = loader.get_event()
            if isinstance(event, yaml.StreamEndEvent):
                return builder.root
            builder.take(event)
    except yaml.YAMLError as fault:
        raise YamlFault(" ".join(str(fault).replace('in "<unicode string>", ', "at ").split())) from None
    finally:
        loader.dispose()


class _Builder:
    """Puts the values of parser events together; sharing between aliases costs no memory, only counts."""

    def __init__(self) -> None:
        self.root: Any = None
        self._documents = 0
        self._open: list[_Open] = []
        self._anchors: dict[str, tuple[Any, int]] = {}
        self._count = 0

    def take(self, event: Any) -> None:
        match event:
            case yaml.DocumentStartEvent():
                self._documents += 1
                if self._documents > 1:
                    raise _fault(event, "a second document")
            case yaml.MappingStartEvent() | yaml.SequenceStartEvent():
                self._begin(event)
            case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                self._end(event)
            case yaml.ScalarEvent():
                self._scalar(event)
            case yaml.AliasEvent():
                if event.anchor not in self._anchors:
                    raise _fault(event, f"*{event.anchor} before its anchor has ended")
                value, size = self._anchors[event.anchor]
                self._add(value, event, size)
            case _:
                pass

    def _begin(self, event: Any) -> None:
        if len(self._open) >= DEEPEST:
            raise _fault(event, f"nested more than {DEEPEST} levels deep")
        if event.tag is not None and event.tag not in (f"{_STANDARD}map", f"{_STANDARD}seq", "!"):
            raise _fault(event, f"the tag {event.tag} is not read here")
        if self._waits_for_key():
            raise _fault(event, "a list or mapping as a key")
        value: Any = {} if isinstance(event, yaml.MappingStartEvent) else []
        self._open.append(_Open(value, event.anchor, self._count))

    def _end(self, event: Any) -> None:
        done = self._open.pop()
        if isinstance(done.value, dict):
            for key, value in done.merged.items():
                done.value.setdefault(key, value)
        size = self._count - done.start + 1
        if done.anchor is not None:
            self._anchors[done.anchor] = (done.value, size)
        self._add(done.value, event, 1)

    def _scalar(self, event: Any) -> None:
        if self._waits_for_key():
            here = self._open[-1]
            if event.value in here.stated:
                raise _fault(event, f"the key {event.value} is there twice")
            here.key = event.value
            if not (event.value == "<<" and _is_plain(event)):
                here.stated.add(event.value)
            return
        value = _resolve(event)
        if event.anchor is not None:
            self._anchors[event.anchor] = (value, 1)
        self._add(value, event, 1)

    def _waits_for_key(self) -> bool:
        return bool(self._open) and isinstance(self._open[-1].value, dict) and self._open[-1].key is None

    def _add(self, value: Any, event: Any, size: int) -> None:
        self._count += size
        if self._count > MOST_VALUES:
            raise _fault(event, f"more than {MOST_VALUES:,} values once its aliases are written out")
        if not self._open:
            self.root = value
            return
        here = self._open[-1]
        if isinstance(here.value, list):
            here.value.append(value)
        elif here.key is None:
            raise _fault(event, "an alias as a key")
        else:
            self._put(here, here.key, value, event)
            here.key = None

    def _put(self, here: _Open, key: str, value: Any, event: Any) -> None:
        if key in here.stated:
            here.value[key] = value
            return
        for merged in value if isinstance(value, list) else [value]:
            if not isinstance(merged, dict):
                raise _fault(event, "<< takes a mapping or a list of mappings")
            for name, part in merged.items():
                here.merged.setdefault(name, part)


def _resolve(event: Any) -> Any:
    text: str = event.value
    if event.tag is not None and not event.tag.startswith(_STANDARD) and event.tag != "!":
        raise _fault(event, f"the tag {event.tag} is not read here")
    if event.tag in (f"{_STANDARD}str", "!") or not _is_plain(event):
        return text
    if text.lower() in _WORDS:
        return _WORDS[text.lower()]
    if text.lower().lstrip("+-") in (".inf", ".nan"):
        raise _fault(event, f"{text} is no number that can be written down")
    if len(text) > LONGEST_NUMBER:
        return text
    if _INTEGER.fullmatch(text):
        return int(text)
    # A leading zero makes a date, a version or a postcode rather than a number.
    if _NUMBER.fullmatch(text) and not re.match(r"[-+]?0[0-9]", text) and not text.lstrip("+-").isdigit():
        try:
            return exact(text)
        except ValueError as fault:
            raise _fault(event, str(fault)) from None
    return text


def _is_plain(event: Any) -> bool:
    # The C parser says "" where the Python one says None.
    return not event.style


def _fault(event: Any, message: str) -> YamlFault:
    mark = event.start_mark
    return YamlFault(f"line {mark.line + 1}, column {mark.column + 1}: {message}")
