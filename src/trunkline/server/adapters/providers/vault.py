"""Encrypts what accounts bring along for providers: AES-256-GCM under one key of the server's, bound to its row."""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final

from trunkline.server.adapters.providers.identity import LENGTH, kept_key
from trunkline.server.errors import BadRequest, SettingsError, Unreadable

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

FILE_NAME: Final = "secret.key"
_VERSION: Final = "v1"
_NONCE: Final = 12
_CLOSED: Final = (
    "This server keeps no credentials of providers: its store is a database server, so that it needs secret_key "
    "(TRUNKLINE_SECRET_KEY), the same on every server that shares the store"
)


class Key:
    """One key: `read` returns its 32 bytes and is asked when they are needed first. `mark` tells it from others."""

    def __init__(self, read: Callable[[], bytes]) -> None:
        self._read = read

    @cached_property
    def cipher(self) -> AESGCM:
        """What encrypts with it."""
        # Imported where it is needed: most servers never need it.
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        return AESGCM(self._bytes)

    @cached_property
    def mark(self) -> str:
        """Eight characters that tell nothing of it."""
        return hashlib.sha256(b"trunkline secret key " + self._bytes).hexdigest()[:8]

    @cached_property
    def _bytes(self) -> bytes:
        return self._read()


class Vault:
    """Implements the port `Vault`. The first of the `keys` encrypts, and all of them decrypt."""

    def __init__(self, *keys: Callable[[], bytes]) -> None:
        self._keys = tuple(map(Key, keys))

    def seal(self, secret: str, about: str) -> str:
        """Return a secret encrypted, to be opened only with the same `about`. Raises `BadRequest` without a key."""
        key, nonce = self._keys[0], secrets.token_bytes(_NONCE)
        sealed = nonce + key.cipher.encrypt(nonce, secret.encode(), about.encode())
        return ".".join((_VERSION, key.mark, base64.urlsafe_b64encode(sealed).decode()))

    def open(self, sealed: str, about: str) -> str:
        """Return the secret. Raises `Unreadable`."""
        from cryptography.exceptions import InvalidTag

        try:
            version, mark, text = sealed.split(".")
            data = base64.urlsafe_b64decode(text)
            if version != _VERSION:
                raise Unreadable("it was encrypted by a later version")
            key = next((key for key in self._keys if key.mark == mark), None)
            if key is None:
                raise Unreadable("it was encrypted with another secret_key")
            return key.cipher.decrypt(data[:_NONCE], data[_NONCE:], about.encode()).decode()
        except (BadRequest, SettingsError) as error:
            raise Unreadable(error.message) from None
        except (ValueError, InvalidTag):
            raise Unreadable("it is not what was encrypted") from None

    def renew(self, sealed: str, about: str) -> str:
        """Return a sealed secret under the first key, as it is where it is under that already. Raises `Unreadable`."""
        secret = self.open(sealed, about)
        return sealed if sealed.split(".")[1] == self._keys[0].mark else self.seal(secret, about)


def open_vault(stated: str | None, home: Path, *, on_file: bool) -> Vault:
    """Return the vault under stated keys, else under one kept in the home, which is drawn when it is needed first.

    `stated` are keys with commas between them, the one that encrypts first. `on_file`: the store is a file of this
    machine's; a server's may be shared, and a key in a home is not, so that a vault without a stated one is closed
    there. Raises `SettingsError` for what is no key.
    """
    file = home / FILE_NAME

    def kept() -> bytes:
        return kept_key(file)[:LENGTH]

    if stated is None:
        return Vault(kept if on_file else _closed)
    given = [_given(_read(text)) for text in stated.split(",")]
    return Vault(*given, *([kept] if file.exists() else []))


def _given(key: bytes) -> Callable[[], bytes]:
    return lambda: key


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
