"""Patterns of content filters: JavaScript regular expressions that every engine finds in linear time (spec 1.7)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from trunkline.server.errors import BadRequest, Issue

MOST_REPEATS: Final = 1000
"""How often a pattern may ask for something by number, nested counts multiplied; RE2's own limit."""

_LOOK_AROUND: Final = ("(?=", "(?!", "(?<=", "(?<!")
_PLAIN_GROUP: Final = re.compile(r"\(\?(?::|<[A-Za-z_$][\w$]*>)")
_COUNT: Final = re.compile(r"\{(\d{1,9})(,(\d{0,9}))?\}")
_QUANTIFIERS: Final = {"*": (0, None), "+": (1, None), "?": (0, 1)}


class InvalidPattern(BadRequest):
    """A pattern of a content filter that is not taken; `error_type` is its documented kind."""

    error_type = "invalid_regex_pattern"


class _Refused(Exception):
    """Why a pattern is not taken."""


@dataclass(slots=True)
class _Part:
    """What is being read: a group, or all of it. `varies`: holds a repeat of no fixed count; `repeats`: its counts."""

    varies: bool = False
    repeats: int = 1


def check(pattern: str, path: str) -> None:
    """Raise `InvalidPattern` for look-around, back-references, nested quantifiers and what is no pattern.

    A quantifier is nested where a repeated group holds a repeat whose count varies, as `(a+)+` does.
    """
    try:
        _Reader(pattern).read()
    except _Refused as refused:
        raise InvalidPattern(issues=[Issue(path, str(refused))]) from None


class _Reader:
    def __init__(self, pattern: str) -> None:
        self._pattern = pattern
        self._at = 0
        self._open = [_Part()]
        self._last: _Part | None = None
        """What a quantifier would repeat here, None for nothing."""
        self._steps = {
            "\\": self._escape,
            "[": self._class,
            "(": self._group,
            ")": self._close,
            "|": self._nothing,
            "^": self._nothing,
            "$": self._nothing,
        }

    def read(self) -> None:
        while self._at < len(self._pattern):
            character = self._pattern[self._at]
            if character in "*+?" or (character == "{" and _COUNT.match(self._pattern, self._at)):
                self._quantify()
            else:
                self._steps.get(character, self._literal)()
        if len(self._open) > 1:
            raise _Refused("has a group that is not closed")

    def _literal(self) -> None:
        self._at += 1
        self._last = _Part()

    def _nothing(self) -> None:
        self._at += 1
        self._last = None

    def _escape(self) -> None:
        after = self._pattern[self._at + 1 : self._at + 2]
        if not after:
            raise _Refused("ends with a lone backslash")
        if after in "123456789k":
            raise _Refused("has a back-reference")
        self._at += 2
        self._last = None if after in "bB" else _Part()

    def _class(self) -> None:
        start = self._at
        self._at += 2 if self._pattern.startswith("[^", self._at) else 1
        while self._at < len(self._pattern):
            character = self._pattern[self._at]
            self._at += 2 if character == "\\" else 1
            if character == "]":
                self._last = _Part()
                return
        raise _Refused(f"has a class that is not closed, at {start}")

    def _group(self) -> None:
        if self._pattern.startswith(_LOOK_AROUND, self._at):
            raise _Refused("has look-around")
        head = _PLAIN_GROUP.match(self._pattern, self._at)
        if head is None and self._pattern.startswith("(?", self._at):
            raise _Refused(f"has a group of unknown kind, at {self._at}")
        self._at += 1 if head is None else head.end() - head.start()
        self._open.append(_Part())
        self._last = None

    def _close(self) -> None:
        if len(self._open) == 1:
            raise _Refused(f"has a parenthesis too many, at {self._at}")
        self._at += 1
        self._last = self._open.pop()
        self._hold(self._last)

    def _quantify(self) -> None:
        if self._last is None:
            raise _Refused(f"has a quantifier with nothing to repeat, at {self._at}")
        least, most = self._counts()
        if self._last.varies and most != 1:
            raise _Refused("has nested quantifiers")
        repeats = self._last.repeats * max(least, most or 1)
        if repeats > MOST_REPEATS:
            raise _Refused(f"repeats something more than {MOST_REPEATS} times")
        if most is not None and least > most:
            raise _Refused("has a quantifier whose numbers are out of order")
        self._hold(_Part(self._last.varies or most not in (least, 1), repeats))
        self._last = None

    def _counts(self) -> tuple[int, int | None]:
        counted = _COUNT.match(self._pattern, self._at)
        if counted is None:
            counts: tuple[int, int | None] = _QUANTIFIERS[self._pattern[self._at]]
            self._at += 1
        else:
            least, ranged, most = counted.groups()
            counts = int(least), int(least) if ranged is None else int(most) if most else None
            self._at = counted.end()
        if self._pattern.startswith("?", self._at):
            self._at += 1
        return counts

    def _hold(self, part: _Part) -> None:
        around = self._open[-1]
        around.varies = around.varies or part.varies
        around.repeats = max(around.repeats, part.repeats)
