"""Whose keys are valid, as one process remembers it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest

from tests.factories import NOON
from trunkline.server.adapters.memory.callers import LiveCallers
from trunkline.server.domain.policy import key
from trunkline.server.domain.policy.caller import Caller
from trunkline.server.domain.policy.key import Key

TOKEN = key.form(bytes(range(key.SECRET_BYTES)))
TODAY = datetime.fromtimestamp(NOON, UTC)


class Somebody:
    """A store with one key, which can be exchanged."""

    def __init__(self, **fields: object) -> None:
        self.version = 1
        self.exchange(**fields)

    def exchange(self, **fields: object) -> None:
        self.held: Caller | None = Caller(
            key=Key(hash=key.digest(TOKEN), name="k", label="k", account_id="a", created_at=TODAY, **fields),
            account=None,
        )

    def epoch(self) -> int:
        return self.version

    def caller(self, key_hash: str) -> Caller | None:
        return self.held if key_hash == key.digest(TOKEN) else None


class Nobody:
    """A store without keys, which notes what it is asked for."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def epoch(self) -> int:
        return 1

    def caller(self, key_hash: str) -> Caller | None:
        self.asked.append(key_hash)
        return None


def test_what_is_no_hash_of_a_key_is_neither_looked_up_nor_remembered():
    store = Nobody()
    callers = LiveCallers(store, lambda: NOON)
    right = sha256(b"a key").hexdigest()
    for text in ("", "x" * 10_000_000, right.upper(), right + "\n", right[:-1], "\0" * 64):
        assert callers.of_key(text) is None
    assert store.asked == []
    assert callers.of_key(right) is None
    assert store.asked == [right]


def test_a_key_is_remembered_until_the_store_has_changed():
    store = Somebody()
    callers = LiveCallers(store, lambda: NOON)
    callers.refresh()
    assert callers.known(TOKEN) == (False, None)
    assert callers.look_up(TOKEN) is store.held
    assert callers.known(TOKEN) == (True, store.held)
    store.held, store.version = None, 2
    callers.refresh()
    assert callers.known(TOKEN) == (False, None)
    assert callers.look_up(TOKEN) is None
    assert callers.known(TOKEN) == (True, None)


def test_a_remembered_key_stops_counting_at_its_end():
    now = NOON
    store = Somebody(expires_at=TODAY + timedelta(seconds=1))
    callers = LiveCallers(store, lambda: now)
    assert callers.look_up(TOKEN) is store.held
    assert callers.known(TOKEN) == (True, store.held)
    now = NOON + 1
    assert callers.known(TOKEN) == (True, None)


def test_a_disabled_key_is_nobodys():
    callers = LiveCallers(Somebody(disabled=True), lambda: NOON)
    assert callers.look_up(TOKEN) is None
    assert callers.known(TOKEN) == (True, None)


@pytest.mark.parametrize(
    "token", ["", "x", TOKEN[:-1], TOKEN + "0", TOKEN[:-1] + "g", TOKEN.upper(), TOKEN[:-1] + "\n"]
)
def test_what_has_not_the_form_of_a_key_is_nobodys_without_a_question_to_the_store(token: str):
    assert LiveCallers(Nobody(), lambda: NOON).known(token) == (True, None)
