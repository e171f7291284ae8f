"""Expressions made ready for RE2, which finds them in time linear to the text whatever they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from trunkline.server.domain.content import javascript, syntax
from trunkline.server.domain.content.javascript import NotRead
from trunkline.server.domain.content.syntax import TooLong
from trunkline.server.domain.policy import patterns
from trunkline.server.errors import Issue

MOST_MEMORY: Final = 4 * 1024 * 1024
"""Bytes that one expression may take; a larger one is not taken."""
_NOTHING: Final = -1


@dataclass(frozen=True, slots=True)
class Expression:
    """One expression. Texts are UTF-8, places in them are counted in bytes."""

    _whole: Any
    _beginning: Any | None
    _anywhere: Any

    def find(self, text: bytes, at: int, end: int) -> tuple[int, int] | None:
        """Return the first match that lies between two places; its marks also see what is around those."""
        ((start, stop),) = self._whole.Match(self._anywhere, text, at, end)
        return None if start == _NOTHING else (start, stop)

    def unfinished(self, text: bytes, at: int) -> int:
        """Return where the first match may begin, from a place on, that what follows the text could finish or change.

        It is the text's end where there is none.
        """
        if self._beginning is None:
            return at
        ((start, _),) = self._beginning.Match(self._anywhere, text, at, len(text))
        return len(text) if start == _NOTHING else int(start)


def check(pattern: str, path: str) -> None:
    """Raise `InvalidPattern` for an expression that no filter may have, or that RE2 does not take."""
    patterns.check(pattern, path)
    try:
        compiled(pattern)
    except NotRead as why:
        raise patterns.InvalidPattern(issues=[Issue(path, str(why))]) from None


def compiled(pattern: str, *, any_case: bool = False) -> Expression:
    """Return a JavaScript expression ready to be searched for. Raises `NotRead` for what RE2 does not take."""
    # Late, since most servers have no filter, and RE2 takes a while to load.
    import re2  # type: ignore[import-untyped]  # it has neither stubs nor annotations

    def made(written: str) -> Any:
        options = re2.Options()
        options.max_mem = MOST_MEMORY
        options.log_errors = False
        options.never_capture = True
        options.case_sensitive = not any_case
        # Below the package's own wrapper, which keeps the last 128 expressions of whomever and counts characters.
        return re2._Regexp(written, options)._regexp  # noqa: SLF001

    tree = javascript.read(pattern)
    try:
        whole = made(syntax.whole(tree))
    except re2.error as error:
        said = error.args[0] if error.args else ""
        raise NotRead(f"is not taken: {said.decode() if isinstance(said, bytes) else said}") from None
    try:
        beginning = made(rf"(?:{syntax.beginning(tree)})\z")
    except (re2.error, TooLong):
        beginning = None  # too large: all that came is as good as the beginning of a match
    return Expression(whole, beginning, re2._Anchor.UNANCHORED)  # noqa: SLF001
