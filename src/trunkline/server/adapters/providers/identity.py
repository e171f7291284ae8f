"""Keys that a home keeps for its owner only, each drawn once; one is behind the hashes that stand for callers."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Final

from trunkline.server.errors import SettingsError

FILE_NAME: Final = "identity.key"
LENGTH: Final = 32


def identity_key(home: Path) -> bytes:
    """Return the key of a home, drawing it the first time; of several that draw at once, one wins.

    Raises `SettingsError` where it can be neither read nor written, or is shorter than it was drawn.
    """
    return kept_key(home / FILE_NAME)


def kept_key(file: Path) -> bytes:
    """Return the key that a file keeps, drawing it the first time. Raises `SettingsError` as `identity_key` does."""
    try:
        if not file.exists():
            _draw(file)
        key = file.read_bytes()
    except OSError as error:
        raise SettingsError(f"{file}: cannot be read or written: {error.strerror}") from None
    if len(key) < LENGTH:  # an empty key could be guessed
        raise SettingsError(f"{file}: is not the key that was written there; delete it to draw another")
    return key


def _draw(file: Path) -> None:
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    mine = file.with_name(f"{file.name}.{secrets.token_hex(8)}")
    descriptor = os.open(mine, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as new:
            new.write(secrets.token_bytes(LENGTH))
        try:
            file.hardlink_to(mine)  # all or nothing, and never over another's
        except FileExistsError:
            return
    finally:
        mine.unlink()
