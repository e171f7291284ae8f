"""Texts looked through with filters: what is redacted in them, what is only noted, and what stops the request."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from trunkline.server.domain.content.filters import BLOCK, FLAG, Filter

MOST_FOUND: Final = 100_000
"""Finds in one request; what has more is refused."""
MOST_SECONDS: Final = 2.0
"""Processor time for one request: finding all of something can be made to cost the square of a text's length."""
MOST_TOLD: Final = 20
LONGEST_TOLD: Final = 100


class Piece(NamedTuple):
    """A part of a text, its bytes from and to, and what stands in its place. `rank` is its filter's, lowest first."""

    start: int
    stop: int
    label: str
    rank: int = 0


@dataclass(slots=True)
class Finding:
    """What one filter has found: how often it counts for (a filter that does not redact looks no further than the
    first in each text), and what exactly, where it tells that.
    """

    filter: Filter
    count: int = 0
    told: list[str] = field(default_factory=list)


class Blocked(Exception):
    """A text must not pass; `finding` is why."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.filter.label)
        self.finding = finding


class TooMuch(Exception):
    """Looking through the texts takes more than it may."""


class Effort:
    """What looking through texts may cost; `processor` gives the seconds of processor time that the thread has used."""

    def __init__(self, processor: Callable[[], float], seconds: float = MOST_SECONDS) -> None:
        self._processor = processor
        self._seconds = seconds
        self._left = MOST_FOUND
        self.renew()

    def renew(self) -> None:
        """Count the seconds from now on."""
        self._until = self._processor() + self._seconds

    def look(self) -> None:
        """Look at the clock, before each search. Raises `TooMuch`."""
        if self._processor() > self._until:
            raise TooMuch

    def spend(self) -> None:
        """Count one find. Raises `TooMuch`."""
        self._left -= 1
        if self._left < 0:
            raise TooMuch


class Inspection:
    """Looks through the texts of one request, one after the other."""

    def __init__(self, filters: Sequence[Filter], effort: Effort) -> None:
        self._filters = filters
        self.effort = effort
        self._findings: dict[Filter, Finding] = {}

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What was found so far, strongest action first."""
        return tuple(found for each in self._filters if (found := self._findings.get(each)) is not None)

    def text(self, text: str, *, user: bool) -> str:
        """Return a text as it may pass: itself where nothing is redacted. Raises `Blocked` and `TooMuch`.

        `user`: it is of a user's message.
        """
        if not text:
            return text
        data = text.encode("utf-8", "surrogatepass")
        pieces: list[Piece] = []
        for rank, each in enumerate(self._filters):
            if user or not each.users_only:
                pieces += self._found(each, data, rank)
        return redacted(data, pieces).decode("utf-8", "surrogatepass") if pieces else text

    def note(self, each: Filter, texts: Iterable[bytes]) -> Finding:
        """Note what a filter has found."""
        finding = self._findings.setdefault(each, Finding(each))
        for text in texts:
            finding.count += 1
            if each.tells and len(finding.told) < MOST_TOLD:
                told = " ".join(text.decode("utf-8", "replace").split()).lower()[:LONGEST_TOLD]
                finding.told += [] if told in finding.told else [told]
        return finding

    def _found(self, each: Filter, data: bytes, rank: int) -> list[Piece]:
        pieces: list[Piece] = []
        whole = each.tells or each.action not in (BLOCK, FLAG)
        for search in each.searches:
            for _, (start, stop) in search.all(data, 0, len(data), len(data), self.effort.look):
                self.effort.spend()
                pieces.append(Piece(start, stop, each.label, rank))
                if not whole or (each.action in (BLOCK, FLAG) and len(pieces) >= MOST_TOLD):
                    break
            if pieces and not whole:
                break
        if not pieces:
            return []
        finding = self.note(each, (data[piece.start : piece.stop] for piece in pieces))
        if each.action == BLOCK:
            raise Blocked(finding)
        return [] if each.action == FLAG else pieces


def redacted(text: bytes, pieces: Iterable[Piece]) -> bytes:
    """Return a text with labels in place of pieces; those that overlap become one, under the first one's label."""
    made: list[bytes] = []
    at = 0
    for start, stop, label, _ in merged(pieces):
        made += (text[at:start], label.encode())
        at = stop
    made.append(text[at:])
    return b"".join(made)


def merged(pieces: Iterable[Piece]) -> list[Piece]:
    """Return pieces in order, those that overlap as one, under the label of the first, longest, and lowest in rank."""
    made: list[Piece] = []
    for piece in sorted(pieces, key=lambda each: (each.start, -each.stop, each.rank)):
        if made and piece.start < made[-1].stop:
            last = made[-1]
            made[-1] = last._replace(stop=max(last.stop, piece.stop))
        else:
            made.append(piece)
    return made
