"""The key behind the hashes of callers: one for a home, whoever asks first."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from trunkline.server.adapters.providers.identity import FILE_NAME, identity_key
from trunkline.server.errors import SettingsError


def test_a_home_keeps_its_key_and_shows_it_to_its_owner_only(tmp_path: Path):
    key = identity_key(tmp_path / "home")
    assert len(key) == 32
    assert identity_key(tmp_path / "home") == key
    assert identity_key(tmp_path / "other") != key
    assert (tmp_path / "home" / FILE_NAME).stat().st_mode & 0o777 == 0o600


def test_all_who_start_at_once_agree(tmp_path: Path):
    with ThreadPoolExecutor(16) as pool:
        keys = set(pool.map(identity_key, [tmp_path] * 64))
    assert len(keys) == 1
    assert [file.name for file in tmp_path.iterdir()] == [FILE_NAME]


@pytest.mark.parametrize("content", [b"", b"short"])
def test_a_key_that_lost_its_length_is_refused(tmp_path: Path, content: bytes):
    (tmp_path / FILE_NAME).write_bytes(content)
    with pytest.raises(SettingsError, match="is not the key"):
        identity_key(tmp_path)


def test_a_home_that_is_no_folder_is_refused(tmp_path: Path):
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingsError, match="cannot be read or written"):
        identity_key(tmp_path / "file")
