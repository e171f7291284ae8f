"""Redaction of a text that comes piece by piece: as little as possible is held back, and no match gets away cut in two.

What may be the beginning of a match is held until more text tells, up to `MOST_HELD` bytes of it. So the pieces that
come out are, put together, the whole text as it would be redacted at once, wherever it was cut, as long as no match
is longer than that. Of longer ones what is held at that moment is redacted, and what came out before is not.
"""

from __future__ import annotations

from typing import Final

from trunkline.server.domain.content.filters import BLOCK, REDACT, Filter, Search, following
from trunkline.server.domain.content.inspection import Blocked, Inspection, Piece, merged

MOST_HELD: Final = 4096
"""Bytes."""
_AROUND: Final = 8
"""Bytes on either side of a match that its marks and second looks may see."""


class Redactor:
    """Redacts one text. What filters find is noted in the inspection that it is made with."""

    def __init__(self, filters: tuple[Filter, ...], inspection: Inspection) -> None:
        self._inspection = inspection
        self._looks = [_Look(each, search, rank) for rank, each in enumerate(filters) for search in each.searches]
        self._pieces: list[Piece] = []
        self._text = b""
        self._sent = 0
        """Where what has not come out yet begins; what is before it is only there to be looked at."""

    def feed(self, text: str, *, final: bool = False) -> str:
        """Take more of the text and return what may come out; `final`: that was all. Raises `Blocked` and `TooMuch`."""
        self._text += text.encode("utf-8", "surrogatepass")
        for look in self._looks:
            self._pieces += look.decide(self._text, self._inspection, final=final)
        whole = len(self._text)
        out = self._emitted(whole if final else min((look.decided for look in self._looks), default=whole))
        self._trim()
        return out.decode("utf-8", "surrogatepass")

    def _emitted(self, decided: int) -> bytes:
        made: list[bytes] = []
        held = len(self._text) - 2 * MOST_HELD
        for piece in merged(self._pieces):
            start, stop, label = max(piece.start, self._sent), piece.stop, piece.label
            if stop <= self._sent:
                continue
            if start >= decided or (stop > decided and start > held):
                # Another filter may yet find what overlaps with it.
                decided = min(decided, start)
                break
            made += (self._text[self._sent : start], label.encode())
            self._sent = stop
        if decided > self._sent:
            made.append(self._text[self._sent : decided])
            self._sent = decided
        self._pieces = [piece for piece in self._pieces if piece.stop > self._sent]
        return b"".join(made)

    def _trim(self) -> None:
        cut = self._sent - _AROUND
        while cut > 0 and self._text[cut] & 0xC0 == 0x80:
            cut -= 1
        if cut <= 0:
            return
        self._text = self._text[cut:]
        self._sent -= cut
        self._pieces = [piece._replace(start=piece.start - cut, stop=piece.stop - cut) for piece in self._pieces]
        for look in self._looks:
            look.at = max(look.at - cut, self._sent)


class _Look:
    """One search of one filter, on its way through the text."""

    def __init__(self, by: Filter, search: Search, rank: int) -> None:
        self._by = by
        self._rank = rank
        self._search = search
        self.at = 0
        """From where on it has yet to look: all that begins before is decided."""

    @property
    def decided(self) -> int:
        """Up to where no match can begin any more."""
        return self.at

    def decide(self, text: bytes, inspection: Inspection, *, final: bool) -> list[Piece]:
        """Look as far as what has come allows; return what is to be redacted. Raises `Blocked` and `TooMuch`."""
        until, end = self._until(text, final=final), len(text)
        pieces: list[Piece] = []
        for (start, stop), kept in self._search.all(text, self.at, until, end, inspection.effort.look):
            if not final and self._search.refine is not None and stop + _AROUND > end and end - start < MOST_HELD:
                until = min(until, start)
            if start >= until:
                break
            inspection.effort.spend()
            self.at = stop
            finding = inspection.note(self._by, [text[kept[0] : kept[1]]])
            if self._by.action == BLOCK:
                raise Blocked(finding)
            if self._by.action == REDACT:
                pieces.append(Piece(*kept, self._by.label, self._rank))
        self.at = max(self.at, until)
        return pieces

    def _until(self, text: bytes, *, final: bool) -> int:
        end = len(text)
        if final:
            return end
        until = self._search.expression.unfinished(text, self.at)
        if self._search.refine is not None:
            # A second look may refuse what seems to be decided, and look again from the next character on.
            until = min(until, max(end - _AROUND, self.at))
        earliest = end - MOST_HELD
        if until < earliest:
            until = following(text, earliest - 1)
        while until < end and text[until] & 0xC0 == 0x80:
            until -= 1
        return until
