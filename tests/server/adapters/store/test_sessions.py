"""Sessions as files: the same for every process, private to their owner, and gone when removed."""

from __future__ import annotations

from pathlib import Path

import pytest

from trunkline.server.adapters.store.sessions import FileSessions
from trunkline.server.errors import StoreUnavailable
from trunkline.server.usecases.session_ports import Session
from trunkline.server.usecases.sessions import digest

ONE, TWO = digest("one"), digest("two")


def session(name: str = ONE, seen: float = 1000.0) -> Session:
    return Session(digest=name, key_hash="k", account_id="a", created=500.0, seen=seen)


def test_what_one_process_adds_another_finds_and_either_ends(tmp_path: Path):
    here, there = FileSessions(tmp_path / "sessions"), FileSessions(tmp_path / "sessions")
    assert there.get(ONE) is None
    here.add(session())
    assert there.get(ONE) == session()
    there.touch(ONE, 2000.0)
    assert here.get(ONE) == session(seen=2000.0)
    there.remove(ONE)
    assert here.get(ONE) is None
    here.remove(ONE)
    here.touch(ONE, 3000.0)
    assert here.get(ONE) is None


def test_files_are_their_owner_s_alone(tmp_path: Path):
    sessions = FileSessions(tmp_path / "sessions")
    sessions.add(session())
    assert (tmp_path / "sessions").stat().st_mode & 0o777 == 0o700
    assert [(file.name, file.stat().st_mode & 0o777) for file in (tmp_path / "sessions").iterdir()] == [(ONE, 0o600)]


def test_what_was_not_used_is_swept(tmp_path: Path):
    sessions = FileSessions(tmp_path / "sessions")
    sessions.sweep(10_000.0)
    sessions.add(session(ONE, seen=1000.0))
    sessions.add(session(TWO, seen=2000.0))
    sessions.sweep(2000.0)
    assert (sessions.get(ONE), sessions.get(TWO)) == (None, session(TWO, seen=2000.0))


@pytest.mark.parametrize("text", [b"", b"{", b"[]", b'{"digest":1}', b"\xff"])
def test_a_damaged_file_is_no_session(tmp_path: Path, text: bytes):
    sessions = FileSessions(tmp_path / "sessions")
    sessions.add(session())
    (tmp_path / "sessions" / ONE).write_bytes(text)
    assert sessions.get(ONE) is None


def test_a_file_under_another_name_is_no_session(tmp_path: Path):
    sessions = FileSessions(tmp_path / "sessions")
    sessions.add(session())
    (tmp_path / "sessions" / ONE).rename(tmp_path / "sessions" / TWO)
    assert sessions.get(TWO) is None


@pytest.mark.parametrize("name", ["", "..", "../secret", ONE.upper(), ONE[:-1], ONE + "0", f"{ONE}\n"])
def test_names_lead_nowhere_else(tmp_path: Path, name: str):
    (tmp_path / "secret").write_text("{}")
    sessions = FileSessions(tmp_path / "sessions")
    sessions.add(session())
    sessions.remove(name)
    assert sessions.get(name) is None
    assert sessions.get(ONE) == session()
    assert (tmp_path / "secret").exists()


def test_a_home_that_cannot_be_written_says_so(tmp_path: Path):
    (tmp_path / "sessions").write_text("a file where a folder should be")
    sessions = FileSessions(tmp_path / "sessions")
    for attempt in (lambda: sessions.add(session()), lambda: sessions.get(ONE), lambda: sessions.remove(ONE)):
        with pytest.raises(StoreUnavailable):
            attempt()
