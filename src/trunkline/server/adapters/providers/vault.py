"""Encrypts what accounts bring along for providers: AES-256-GCM under one key of the server's, bound to its row."""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from trunkline.server.adapters.providers.identity import LENGTH, kept_key
from trunkline.server.errors import BadRequest, SettingsError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

FILE_NAME: Final = "secret.key"
_VERSION: Final = "v1"
_NONCE: Final = 12
_CLOSED: Final = (
    "This server keeps no credentials of providers: its store is a database server, so that it needs secret_key "
    "(TRUNKLINE_SECRET_KEY), the same on every server that shares the store"
)


class Unreadable(Exception):
    """A sealed text that this server cannot open; the message holds nothing of it."""


class Vault:
    """Implements the port `Vault`. `key` returns the 32 bytes and is asked when they are needed first."""

    def __init__(self, key: Callable[[], bytes]) -> None:
        self._key = key
        self._known: bytes | None = None

    def seal(self, secret: str, about: str) -> str:
        """Return a secret encrypted, to be opened only with the same `about`. Raises `BadRequest` without a key."""
        nonce = secrets.token_bytes(_NONCE)
        sealed = nonce + _cipher(self._bytes()).encrypt(nonce, secret.encode(), about.encode())
        return ".".join((_VERSION, self._mark(), base64.urlsafe_b64encode(sealed).decode()))

    def open(self, sealed: str, about: str) -> str:
        """Return the secret. Raises `Unreadable`."""
        from cryptography.exceptions import InvalidTag

        try:
            version, mark, text = sealed.split(".")
            data = base64.urlsafe_b64decode(text)
            if version != _VERSION:
                raise Unreadable("it was encrypted by a later version")
            if mark != self._mark():
                raise Unreadable("it was encrypted with another secret_key")
            return _cipher(self._bytes()).decrypt(data[:_NONCE], data[_NONCE:], about.encode()).decode()
        except (BadRequest, SettingsError) as error:
            raise Unreadable(error.message) from None
        except (ValueError, InvalidTag):
            raise Unreadable("it is not what was encrypted") from None

    def _bytes(self) -> bytes:
        if self._known is None:
            self._known = self._key()
        return self._known

    def _mark(self) -> str:
        # Tells one key from another, and nothing of either.
        return hashlib.sha256(b"trunkline secret key " + self._bytes()).hexdigest()[:8]


def open_vault(stated: str | None, home: Path, *, on_file: bool) -> Vault:
    """Return the vault under a stated key, else under one kept in the home, which is drawn when it is needed first.

    `on_file`: the store is a file of this machine's; a server's may be shared, and a key in a home is not, so that
    a vault without a stated one is closed there. Raises `SettingsError` for what is no key.
    """
    if stated is not None:
        key = _read(stated)
        return Vault(lambda: key)
    return Vault(lambda: kept_key(home / FILE_NAME)[:LENGTH]) if on_file else Vault(_closed)


def _read(text: str) -> bytes:
    """Return the bytes of a key written as 64 hexadecimal digits or in base64."""
    for read in (bytes.fromhex, _from_base64):
        try:
            key = read(text.strip())
        except ValueError:
            continue
        if len(key) == LENGTH:
            return key
    raise SettingsError(f"secret_key: expected {LENGTH} random bytes as hexadecimal digits or base64")


def _from_base64(text: str) -> bytes:
    whole = text.replace("-", "+").replace("_", "/").rstrip("=")
    return base64.b64decode(whole + "=" * (-len(whole) % 4), validate=True)


def _closed() -> bytes:
    raise BadRequest(_CLOSED)


def _cipher(key: bytes) -> AESGCM:
    # Imported where it is needed: most servers never need it.
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    return AESGCM(key)
