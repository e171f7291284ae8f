"""Secrets of others: sealed under one key, opened in their own row only."""

from __future__ import annotations

import base64
import secrets
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from trunkline.server.adapters.providers.vault import FILE_NAME, Vault, open_vault
from trunkline.server.errors import BadRequest, SettingsError, Unreadable
from trunkline.server.runtime import vault_of
from trunkline.server.settings import Settings

KEY = bytes(range(32))
SECRET = "sk-proj-canary-5f2c"


def vault(key: bytes = KEY) -> Vault:
    return Vault(lambda: key)


@given(st.text(min_size=1), st.text())
def test_what_is_sealed_opens_again_and_shows_nothing(secret: str, about: str):
    sealed = vault().seal(secret, about)
    assert vault().open(sealed, about) == secret
    assert sealed != vault().seal(secret, about)
    if len(secret) > 8:
        assert secret not in sealed


def test_it_opens_nowhere_else():
    sealed = vault().seal(SECRET, "account a, row 1")
    for other in ("account b, row 1", "account a, row 2", ""):
        with pytest.raises(Unreadable, match="not what was encrypted"):
            vault().open(sealed, other)
    with pytest.raises(Unreadable, match="another secret_key"):
        vault(bytes(32)).open(sealed, "account a, row 1")


@pytest.mark.parametrize("place", [0, 1, -1])
def test_a_changed_byte_is_noticed(place: int):
    version, mark, text = vault().seal(SECRET, "x").split(".")
    data = bytearray(base64.urlsafe_b64decode(text))
    data[place] ^= 1
    with pytest.raises(Unreadable):
        vault().open(f"{version}.{mark}.{base64.urlsafe_b64encode(data).decode()}", "x")


@pytest.mark.parametrize("text", ["", "v1", "v1.abc", "v2.00000000.AAAA", "v1.00000000.!", "..", "v1.630dcd29."])
def test_what_was_never_sealed_is_unreadable(text: str):
    with pytest.raises(Unreadable):
        vault().open(text, "x")


def test_a_home_draws_one_key_for_its_owner_when_it_is_needed_first(tmp_path: Path):
    vaults = [open_vault(None, tmp_path, on_file=True) for _ in range(16)]
    assert not list(tmp_path.iterdir())
    with ThreadPoolExecutor(16) as pool:
        sealed = list(pool.map(lambda one: one.seal(SECRET, "x"), vaults))
    assert {one.open(text, "x") for one in vaults for text in sealed} == {SECRET}
    (file,) = tmp_path.iterdir()
    assert (file.name, file.stat().st_mode & 0o777) == (FILE_NAME, 0o600)


def test_a_stated_key_is_taken_in_any_of_its_spellings_and_not_from_the_home(tmp_path: Path):
    key = secrets.token_bytes(32)
    spellings = [key.hex(), key.hex().upper(), f" {base64.b64encode(key).decode()}\n"]
    spellings += [base64.urlsafe_b64encode(key).decode().rstrip("=")]
    sealed = open_vault(key.hex(), tmp_path, on_file=False).seal(SECRET, "x")
    assert {open_vault(text, tmp_path, on_file=True).open(sealed, "x") for text in spellings} == {SECRET}
    assert not list(tmp_path.iterdir())


def test_older_keys_open_and_the_first_one_seals_anew(tmp_path: Path):
    old, new = secrets.token_bytes(32), secrets.token_bytes(32)
    sealed = vault(old).seal(SECRET, "x")
    both = open_vault(f"{new.hex()}, {old.hex()}", tmp_path, on_file=False)
    assert both.open(sealed, "x") == SECRET
    renewed = both.renew(sealed, "x")
    assert vault(new).open(renewed, "x") == both.open(renewed, "x") == SECRET
    assert both.renew(renewed, "x") == renewed
    with pytest.raises(Unreadable):
        vault(new).renew(sealed, "x")


def test_what_a_home_s_own_key_sealed_opens_when_another_is_stated(tmp_path: Path):
    sealed = open_vault(None, tmp_path, on_file=True).seal(SECRET, "x")
    stated = open_vault(secrets.token_hex(32), tmp_path, on_file=True)
    assert stated.open(sealed, "x") == SECRET
    assert stated.renew(sealed, "x") != sealed


@pytest.mark.parametrize(
    "text", ["", "x", "ab" * 31, "ab" * 33, base64.b64encode(bytes(16)).decode(), "é" * 32, f"{'ab' * 32},"]
)
def test_what_is_no_key_is_refused_without_being_repeated(tmp_path: Path, text: str):
    with pytest.raises(SettingsError, match="secret_key: expected 32 random bytes") as refused:
        open_vault(text, tmp_path, on_file=True)
    assert len(text) < 3 or text not in refused.value.message


def test_a_database_server_without_a_stated_key_keeps_no_secret(tmp_path: Path):
    closed = open_vault(None, tmp_path, on_file=False)
    with pytest.raises(BadRequest, match="TRUNKLINE_SECRET_KEY"):
        closed.seal(SECRET, "x")
    with pytest.raises(Unreadable, match="TRUNKLINE_SECRET_KEY"):
        closed.open(vault().seal(SECRET, "x"), "x")
    assert not list(tmp_path.iterdir())


def test_settings_say_which_key_a_server_has(tmp_path: Path):
    shared = Settings(home=tmp_path, database_url="postgresql://x@127.0.0.1/y")
    with pytest.raises(BadRequest, match="TRUNKLINE_SECRET_KEY"):
        vault_of(shared).seal(SECRET, "x")
    sealed = vault_of(replace(shared, secret_key=KEY.hex())).seal(SECRET, "x")
    assert vault().open(sealed, "x") == SECRET
    assert not list(tmp_path.iterdir())
    assert vault_of(Settings(home=tmp_path)).seal(SECRET, "x")
    assert [file.name for file in tmp_path.iterdir()] == [FILE_NAME]
    with pytest.raises(SettingsError):
        vault_of(Settings(home=tmp_path, secret_key="short"))
