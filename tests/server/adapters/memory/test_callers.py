"""Whose keys are valid, as one process remembers it."""

from __future__ import annotations

from hashlib import sha256

from tests.factories import NOON
from trunkline.server.adapters.memory.callers import LiveCallers
from trunkline.server.domain.policy.caller import Caller


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
