"""What calls said, in both databases, and on its way there."""

from __future__ import annotations

import pytest

from tests.factories import NOON
from trunkline.server.adapters.memory.contents import LARGEST, LiveContents
from trunkline.server.adapters.providers.vault import Vault, open_vault
from trunkline.server.adapters.store.contents import Row, SqlContents
from trunkline.server.adapters.store.database import Database
from trunkline.server.errors import StoreUnavailable

DAY = 86_400


@pytest.fixture
def contents(database: Database) -> SqlContents:
    return SqlContents(database.engine)


def row(id_: str, created: float = NOON, document: str = "sealed", account: str = "a") -> Row:
    return Row(id_, account, "k", created, document)


def test_what_was_written_is_read_back_by_its_account_only(contents: SqlContents):
    contents.write([row("gen-1"), row("gen-2", document="other"), row("gen-3", account="b")])
    assert contents.read("a", "gen-1") == ("k", "sealed")
    assert contents.read("a", "gen-2") == ("k", "other")
    assert contents.read("a", "gen-3") is None
    assert contents.read("a", "gen-4") is None
    assert contents.read("a", "\0") is None


def test_what_is_there_stays(contents: SqlContents):
    contents.write([row("gen-1")])
    contents.write([row("gen-1", document="later"), row("gen-2")])
    assert contents.read("a", "gen-1") == ("k", "sealed")
    assert contents.read("a", "gen-2") == ("k", "sealed")


def test_old_rows_are_dropped_to_the_second(contents: SqlContents):
    contents.write([row("old", NOON - 90 * DAY - 1), row("young", NOON - 90 * DAY)])
    assert not contents.prune(NOON, 90)
    assert contents.read("a", "old") is None
    assert contents.read("a", "young") is not None


def live(contents: SqlContents, cipher: Vault | None = None, held: int = 1 << 20) -> LiveContents:
    return LiveContents(contents, cipher or Vault(lambda: b"k" * 32), lambda: NOON, days=90, held=held)


def test_what_is_kept_is_encrypted_for_its_call_and_account(contents: SqlContents):
    kept = live(contents)
    kept.keep("gen-1", "a", "k", NOON, b'{"input":"nightingale"}')
    assert kept.content("a", "gen-1") == ("k", b'{"input":"nightingale"}')
    found = contents.read("a", "gen-1")
    assert found is not None
    assert "nightingale" not in found[1]
    contents.write([row("gen-2", document=found[1])])
    with pytest.raises(Exception, match="not what was encrypted"):
        kept.content("a", "gen-2")


def test_what_waits_is_written_when_the_process_ends(contents: SqlContents):
    kept = live(contents)
    kept.start()
    for number in range(450):
        kept.keep(f"gen-{number}", "a", "k", NOON, b"{}")
    kept.stop()
    assert all(contents.read("a", f"gen-{number}") for number in (0, 199, 200, 449))


def test_no_more_waits_than_there_is_room_for(contents: SqlContents):
    kept = live(contents, held=25)
    for number in range(4):
        kept.keep(f"gen-{number}", "a", "k", NOON, b"x" * 10)
    kept.keep("large", "a", "k", NOON, b"x" * (LARGEST + 1))
    kept.write()
    assert [contents.read("a", f"gen-{number}") is not None for number in range(4)] == [True, True, False, False]
    kept.keep("gen-4", "a", "k", NOON, b"x" * 10)
    assert kept.content("a", "gen-4") is not None
    assert kept.content("a", "large") is None


def test_a_server_without_a_key_keeps_nothing_and_goes_on(contents: SqlContents, tmp_path):
    kept = live(contents, open_vault(None, tmp_path, on_file=False))
    kept.keep("gen-1", "a", "k", NOON, b"{}")
    assert kept.content("a", "gen-1") is None
    assert kept._held == 0


def test_a_key_that_cannot_be_read_for_a_while_ends_nothing(contents: SqlContents, tmp_path):
    file = tmp_path / "secret.key"
    file.write_bytes(b"half of it")
    kept = live(contents, open_vault(None, tmp_path, on_file=True))
    kept.keep("gen-1", "a", "k", NOON, b"{}")
    assert kept.content("a", "gen-1") is None
    assert kept._held == 0
    file.unlink()
    kept.keep("gen-2", "a", "k", NOON, b"{}")
    assert kept.content("a", "gen-2") == ("k", b"{}")


def test_what_a_store_that_is_away_does_not_take_waits_for_it(contents: SqlContents):
    class Away(SqlContents):
        away = True

        def write(self, rows):
            if self.away:
                raise StoreUnavailable("away")
            super().write(rows)

    store = Away(contents._engine)
    kept = live(store)
    kept.keep("gen-1", "a", "k", NOON, b"{}")
    with pytest.raises(StoreUnavailable):
        kept.write()
    store.away = False
    assert kept.content("a", "gen-1") == ("k", b"{}")
