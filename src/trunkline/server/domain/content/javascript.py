"""Reads JavaScript regular expressions, which people write, into trees (spec catalogue 1.7; ECMA-262, annex B).

Without flags, but by whole characters and with Unicode escapes, as if flag `u` were there where it only adds.
"""

from __future__ import annotations

import re
from typing import Final

from trunkline.server.domain.content.syntax import Char, Choice, Mark, Node, Sequence, Times

DEEPEST: Final = 100
"""How deep groups may be nested."""

_GROUP: Final = re.compile(r"\((?:\?:|\?<[A-Za-z_$][\w$]*>|(?!\?))")
_COUNT: Final = re.compile(r"\{(\d{1,9})(,(\d{0,9}))?\}")
_HEX: Final = re.compile(r"x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})|u\{([0-9A-Fa-f]{1,6})\}")
_LOW: Final = re.compile(r"\\u([Dd][C-Fc-f][0-9A-Fa-f]{2})")
_PROPERTY: Final = re.compile(r"[pP]\{(?:(?:gc|General_Category|sc|Script|scx|Script_Extensions)=)?(\w+)\}")
_CONTROL: Final = {"t": 9, "n": 10, "v": 11, "f": 12, "r": 13, "0": 0}
_MARKS: Final = {"b": r"\b", "B": r"\B"}
_SPACES: Final = r"\s\x{b}\x{a0}\x{feff}\x{2028}\x{2029}\p{Zs}"
_CLASSES: Final = {"d": r"\d", "D": r"\D", "w": r"\w", "W": r"\W", "s": _SPACES, "S": r"\S"}
_ANY: Final = Char(r"[^\n\r\x{2028}\x{2029}]")
_NONE: Final = r"[^\x{0}-\x{10ffff}]"
_ALL: Final = r"[\x{0}-\x{10ffff}]"
_CATEGORIES: Final = {
    "Letter": "L", "Uppercase_Letter": "Lu", "Lowercase_Letter": "Ll", "Titlecase_Letter": "Lt",
    "Modifier_Letter": "Lm", "Other_Letter": "Lo", "Mark": "M", "Number": "N", "Decimal_Number": "Nd",
    "Punctuation": "P", "Symbol": "S", "Currency_Symbol": "Sc", "Math_Symbol": "Sm", "Separator": "Z",
    "Space_Separator": "Zs",
}  # fmt: skip


class NotRead(Exception):
    """Why an expression cannot be read."""


def read(pattern: str) -> Node:
    """Return the tree of an expression. Raises `NotRead`."""
    return _Reader(pattern).read()


class _Reader:
    def __init__(self, pattern: str) -> None:
        self._pattern = pattern
        self._at = 0
        self._open: list[list[list[Node]]] = [[[]]]
        """The options of each group that is open, outermost first; the last option is being read."""

    def read(self) -> Node:
        steps = {"(": self._group, ")": self._close, "|": self._option, "[": self._class, "\\": self._escape}
        marks = {"^": Mark(r"\A"), "$": Mark(r"\z")}
        while self._at < len(self._pattern):
            character = self._pattern[self._at]
            if character in "*+?" or (character == "{" and _COUNT.match(self._pattern, self._at)):
                self._quantify(character)
            elif character in steps:
                steps[character]()
            else:
                self._at += 1
                self._add(marks.get(character) or (_ANY if character == "." else Char(_code(ord(character)))))
        if len(self._open) > 1:
            raise NotRead("has a group that is not closed")
        return _joined(self._open[0])

    def _add(self, node: Node) -> None:
        self._open[-1][-1].append(node)

    def _group(self) -> None:
        head = _GROUP.match(self._pattern, self._at)
        if head is None:
            raise NotRead(f"has a group of unknown kind, at {self._at}")
        if len(self._open) > DEEPEST:
            raise NotRead(f"has groups in groups, more than {DEEPEST} deep")
        self._at = head.end()
        self._open.append([[]])

    def _close(self) -> None:
        if len(self._open) == 1:
            raise NotRead(f"has a parenthesis too many, at {self._at}")
        self._at += 1
        self._add(_joined(self._open.pop()))

    def _option(self) -> None:
        self._at += 1
        self._open[-1].append([])

    def _quantify(self, character: str) -> None:
        counted = _COUNT.match(self._pattern, self._at)
        if character == "{" and counted is not None:
            least, ranged, most = counted.groups()
            counts = int(least), int(least) if ranged is None else int(most) if most else None
            self._at = counted.end()
        else:
            counts = {"*": (0, None), "+": (1, None), "?": (0, 1)}[character]
            self._at += 1
        lazy = self._pattern.startswith("?", self._at)
        self._at += lazy
        nodes = self._open[-1][-1]
        if not nodes or isinstance(nodes[-1], Mark):
            raise NotRead("has a quantifier with nothing to repeat")
        nodes.append(Times(nodes.pop(), *counts, lazy=lazy))

    def _escape(self) -> None:
        letter = self._pattern[self._at + 1 : self._at + 2]
        if letter in _MARKS and letter:
            self._at += 2
            self._add(Mark(_MARKS[letter]))
            return
        found = self._escaped()
        self._add(Char(f"[{found}]" if isinstance(found, str) else _code(found)))

    def _escaped(self) -> int | str:
        """Read an escape; return the character that it is, or what RE2 writes in a class for it."""
        start, self._at = self._at, self._at + 2
        letter = self._pattern[start + 1 : start + 2]
        if not letter:
            raise NotRead("ends with a lone backslash")
        if letter in "123456789k":
            raise NotRead("has a back-reference")
        if letter in _CLASSES:
            return _CLASSES[letter]
        if letter in _CONTROL:
            return _CONTROL[letter]
        if letter == "c" and (control := self._pattern[self._at : self._at + 1]).isascii() and control.isalpha():
            self._at += 1
            return ord(control) % 32
        if (hexed := _HEX.match(self._pattern, start + 1)) is not None:
            self._at = hexed.end()
            return self._whole(int(next(filter(None, hexed.groups())), 16))
        if (named := _PROPERTY.match(self._pattern, start + 1)) is not None:
            self._at = named.end()
            return rf"\{letter}{{{_CATEGORIES.get(named[1], named[1])}}}"
        return ord(letter)

    def _whole(self, code: int) -> int:
        if 0xD800 <= code <= 0xDBFF and (low := _LOW.match(self._pattern, self._at)) is not None:
            self._at = low.end()
            return 0x10000 + ((code - 0xD800) << 10) + int(low[1], 16) - 0xDC00
        if 0xD800 <= code <= 0xDFFF or code > 0x10FFFF:
            raise NotRead(f"has no whole character at {self._at}")
        return code

    def _class(self) -> None:
        start = self._at
        negated = self._pattern.startswith("^", start + 1)
        self._at += 2 if negated else 1
        items: list[str] = []
        while not self._pattern.startswith("]", self._at):
            if self._at >= len(self._pattern):
                raise NotRead(f"has a class that is not closed, at {start}")
            items.append(self._item())
        self._at += 1
        if not items:
            self._add(Char(_ALL if negated else _NONE))
        else:
            self._add(Char(f"[{'^' if negated else ''}{''.join(items)}]"))

    def _item(self) -> str:
        first = self._member()
        if isinstance(first, str) or not self._pattern.startswith("-", self._at):
            return first if isinstance(first, str) else _code(first)
        if self._pattern.startswith("-]", self._at):
            return _code(first)
        self._at += 1
        if self._at >= len(self._pattern):
            raise NotRead("has a class that is not closed")
        last = self._member()
        if isinstance(last, str):
            return _code(first) + _code(ord("-")) + last
        if last < first:
            raise NotRead("has a range whose ends are out of order")
        return f"{_code(first)}-{_code(last)}"

    def _member(self) -> int | str:
        if not self._pattern.startswith("\\", self._at):
            self._at += 1
            return ord(self._pattern[self._at - 1])
        if self._pattern.startswith(r"\b", self._at):
            self._at += 2
            return 8
        return self._escaped()


def _joined(options: list[list[Node]]) -> Node:
    made = [nodes[0] if len(nodes) == 1 else Sequence(tuple(nodes)) for nodes in options]
    return made[0] if len(made) == 1 else Choice(tuple(made))


def _code(code: int) -> str:
    character = chr(code)
    return character if character.isascii() and character.isalnum() else rf"\x{{{code:x}}}"
