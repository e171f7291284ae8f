"""Sessions as small files in the home: every process sees the same, and removing one ends it for all of them."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec

from trunkline.server.errors import StoreUnavailable
from trunkline.server.usecases.session_ports import Session

_DIGEST = re.compile(r"[0-9a-f]{64}")


class FileSessions:
    """Implements the port `Sessions`. A file's name is the digest, its time of change when it was last used."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def get(self, digest: str) -> Session | None:
        """Return a session, None for one that never was, has ended or cannot be read."""
        if not _DIGEST.fullmatch(digest):
            return None
        file = self._folder / digest
        with _reaching():
            try:
                text, seen = file.read_bytes(), file.stat().st_mtime
            except FileNotFoundError:
                return None
        try:
            kept = msgspec.json.decode(text, type=Session)
        except msgspec.MsgspecError:
            return None
        return msgspec.structs.replace(kept, seen=seen) if kept.digest == digest else None

    def add(self, session: Session) -> None:
        """Keep a new session, for its owner's eyes only."""
        with _reaching():
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            mine = self._folder / f".{secrets.token_hex(8)}"
            descriptor = os.open(mine, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as new:
                new.write(msgspec.json.encode(session))
            os.utime(mine, (session.seen, session.seen))
            mine.rename(self._folder / session.digest)

    def touch(self, digest: str, now: float) -> None:
        """Note that a session was used; one that has ended meanwhile stays so."""
        with _reaching(), suppress(FileNotFoundError):
            os.utime(self._folder / digest, (now, now))

    def remove(self, digest: str) -> None:
        """End a session; nothing happens where there is none."""
        if _DIGEST.fullmatch(digest):
            with _reaching():
                (self._folder / digest).unlink(missing_ok=True)

    def sweep(self, seen_before: float) -> None:
        """End every session that was last used before a Unix time."""
        with _reaching():
            for file in self._folder.glob("*") if self._folder.exists() else ():
                with suppress(FileNotFoundError):
                    if file.stat().st_mtime < seen_before:
                        file.unlink()


@contextmanager
def _reaching() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StoreUnavailable from error
