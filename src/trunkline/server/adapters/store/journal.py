"""Records on their way to the store: appended to a file before an answer ends, replayed after a crash.

Each process writes files of its own, `<pid>-<random>-<n>.journal`, and holds a lock on each for as long as it is not in
the store; the lock ends with the process, however that ends, and whoever finds a file without one replays it.

One record is one line, `<length> <crc32> <JSON>`; those that come together are written by one call. What the system
call has taken outlives the process (`kill -9`), not a power cut: records are flushed to the disk itself (`sync`) only
while they wait for a store that is away, since otherwise the store has them half a second later.
"""

from __future__ import annotations

import fcntl
import logging
import os
import re
import secrets
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final
from zlib import crc32

import msgspec
from msgspec import Struct

from trunkline.server.domain.generation.record import GenerationRecord
from trunkline.server.domain.policy.charge import Charge

_LOG: Final = logging.getLogger(__name__)
_LINE: Final = re.compile(rb"([0-9a-f]{8}) ([0-9a-f]{8}) (.*)", re.DOTALL)
_RECORD: Final = msgspec.json.Decoder(GenerationRecord)
SUFFIX: Final = ".journal"
DAMAGED: Final = ".damaged"
REFUSED: Final = "refused.jsonl"
_PROBED: Final = 1 << 20
"""Bytes that must find room before a disk that was full counts as free again."""


class Settled(Struct, frozen=True, gc=False):
    """A generation, its record as it is journalled (JSON), and what it costs where that is worked out already."""

    record: GenerationRecord
    document: bytes
    charge: Charge | None = None


@dataclass(slots=True)
class Segment:
    """One file, open and locked by this process: `size` in bytes up to the last whole line, `read` of it stored.

    `damaged` lines of those could not be read.
    """

    path: Path
    descriptor: int
    size: int = 0
    read: int = 0
    damaged: int = 0


class Journal:
    """Where one process keeps records until they are in the store. `append` and `rotate` must not run at once."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.name = f"{os.getpid()}-{secrets.token_hex(4)}"
        """Names this process among all that there are; its files begin with it."""
        self.is_failing = False
        """Whether the last record could not be written."""
        self._number = 0
        self._segment: Segment | None = None
        self._waiting: list[Segment] = []

    def append(self, *documents: bytes) -> bool:
        """Write records by one call; return False, and leave the file as it was, where that fails."""
        line = b"".join([b"%08x %08x %b\n" % (len(each), crc32(each), each) for each in documents])
        segment = self._segment
        try:
            if segment is None:
                segment = self._segment = self._open()
            if os.write(segment.descriptor, line) == len(line):
                segment.size += len(line)
                self.is_failing = False
                return True
            # Half a line, on a full disk: the next one must not be read as its end.
            os.ftruncate(segment.descriptor, segment.size)
            reason: str | None = "the disk is full"
        except OSError as error:
            reason = error.strerror
        if not self.is_failing:
            _LOG.error("a record cannot be journalled", extra={"reason": reason, "folder": str(self.folder)})
        self.is_failing = True
        return False

    def probe(self) -> bool:
        """Find out whether records can be written, as many as come in a moment, and return it."""
        try:
            segment = self._segment = self._segment or self._open()
            try:
                self.is_failing = os.write(segment.descriptor, bytes(_PROBED)) < _PROBED
            finally:
                os.ftruncate(segment.descriptor, segment.size)
        except OSError:
            self.is_failing = True
        return not self.is_failing

    @property
    def _segments(self) -> list[Segment]:
        return [*self._waiting, *([self._segment] if self._segment else [])]

    @property
    def is_empty(self) -> bool:
        """Whether its files hold nothing."""
        return not self._waiting and (self._segment is None or not self._segment.size)

    def mark(self) -> None:
        """See to it that a file tells others when this process has died, though no record is on its way."""
        if self._segment is None:
            with suppress(OSError):
                self._segment = self._open()

    def rotate(self) -> None:
        """Let the next record begin a new file, unless others wait: a store that is away must not cost one a try."""
        if self._segment is not None and not self._waiting:
            self._waiting.append(self._segment)
            self._segment = None

    def discard(self) -> None:
        """Remove the files that were rotated away: the store has what they hold."""
        while self._waiting:
            segment = self._waiting.pop()
            segment.path.unlink(missing_ok=True)
            os.close(segment.descriptor)

    def parts(self, most: int) -> Iterator[list[bytes]]:
        """Yield the records (JSON) in the files that were rotated away, at most so many at a time.

        Who asks for the next ones has stored these: they do not come again, and a file that is done with is removed.
        """
        while self._waiting:
            segment = self._waiting[0]
            for documents, size, damaged in _parts(segment.path, segment.read, most):
                yield documents
                segment.read += size
                segment.damaged += damaged
            self._waiting.pop(0)
            _remove(segment.path, damaged=segment.damaged > 0)
            os.close(segment.descriptor)

    def sync(self) -> None:
        """Flush the records that wait to the disk itself."""
        for segment in self._segments:
            with suppress(OSError):
                os.fdatasync(segment.descriptor)

    def orphans(self) -> Iterator[Orphan]:
        """Yield the files of processes that are gone, each locked by us until the next one is asked for."""
        with suppress(FileNotFoundError):
            for path in sorted(self.folder.glob(f"*{SUFFIX}")):
                if not path.name.startswith(f"{self.name}-") and (orphan := _claim(path)) is not None:
                    try:
                        yield orphan
                    finally:
                        os.close(orphan.descriptor)

    def set_aside(self, document: bytes, reason: str) -> None:
        """Keep a record that the store refuses, for people."""
        _LOG.error("a record was set aside", extra={"reason": reason, "file": str(self.folder / REFUSED)})
        with suppress(OSError), (self.folder / REFUSED).open("ab") as file:
            file.write(document + b"\n")

    def close(self) -> None:
        """Let go of all files; those that are not in the store are left for the next start."""
        for segment in self._segments:
            if segment.size == 0:
                segment.path.unlink(missing_ok=True)
            os.close(segment.descriptor)
        self._waiting.clear()
        self._segment = None

    def _open(self) -> Segment:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        while True:
            self._number += 1
            path = self.folder / f"{self.name}-{self._number}{SUFFIX}"
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC, 0o600)
            # Somebody who looks for orphans may have been faster than the lock, and have removed the empty file.
            if _lock(descriptor) and _is(path, descriptor):
                return Segment(path, descriptor)
            os.close(descriptor)


@dataclass(slots=True)
class Orphan:
    """A file that a process left behind; `damaged` of its lines could not be read, a torn last one apart."""

    path: Path
    descriptor: int
    damaged: int = 0

    @property
    def name(self) -> str:
        """The name of the process's journal."""
        return self.path.name.rpartition("-")[0]

    def parts(self, most: int) -> Iterator[list[bytes]]:
        """Yield the records (JSON) that it holds, at most so many at a time."""
        for documents, _, damaged in _parts(self.path, 0, most):
            self.damaged += damaged
            yield documents

    def remove(self) -> None:
        """Remove the file, its records being in the store; keep one that is damaged, under another name."""
        _remove(self.path, damaged=self.damaged > 0)


def _remove(path: Path, *, damaged: bool) -> None:
    if damaged:
        path.replace(path.with_suffix(DAMAGED))
        _LOG.error("a journal is damaged; what could be read is in the store", extra={"file": str(path)})
    else:
        path.unlink(missing_ok=True)


def settled_of(documents: Iterable[bytes]) -> list[Settled]:
    """Return the records that documents hold, without those that cannot be read, which are logged."""
    settled: list[Settled] = []
    for document in documents:
        try:
            settled.append(Settled(_RECORD.decode(document), document))
        except msgspec.MsgspecError as error:
            _LOG.error("a journalled record cannot be read", extra={"reason": str(error)})
    return settled


def _claim(path: Path) -> Orphan | None:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    if _lock(descriptor) and _is(path, descriptor):
        return Orphan(path, descriptor)
    os.close(descriptor)
    return None


def _lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is(path: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False


def _parts(path: Path, start: int, most: int) -> Iterator[tuple[list[bytes], int, int]]:
    """Yield what a file holds from a byte on: some documents, how many bytes that was, and how many damaged lines."""
    with path.open("rb") as file:
        file.seek(start)
        while lines := list(islice(file, most)):
            whole = [line[:-1] for line in lines if line.endswith(b"\n")]  # but for a last one that was torn
            documents = [document for line in whole if (document := _document(line)) is not None]
            yield documents, sum(map(len, lines)), len(whole) - len(documents)


def _document(line: bytes) -> bytes | None:
    parts = _LINE.fullmatch(line)
    if parts and int(parts[1], 16) == len(parts[3]) and int(parts[2], 16) == crc32(parts[3]):
        return parts[3]
    return None
