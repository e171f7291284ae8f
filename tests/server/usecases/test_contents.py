"""What calls said, as use cases give it back."""

from __future__ import annotations

import logging

import pytest

from tests.server.adapters.memory.records import caller
from trunkline.server.errors import NotFound, Unreadable
from trunkline.server.usecases.contents import content


class Sealed:
    """Keeps everything under a key that is not here any more."""

    def keep(self, generation_id: str, account_id: str, key_hash: str, created: float, document: bytes) -> None:
        raise AssertionError("nothing is said here")

    def content(self, account_id: str, generation_id: str) -> tuple[str, bytes] | None:
        raise Unreadable("it was encrypted with another secret_key")


def test_what_cannot_be_read_any_more_is_not_there_and_the_log_says_why(caplog: pytest.LogCaptureFixture):
    with caplog.at_level(logging.WARNING), pytest.raises(NotFound):
        content(Sealed(), caller(), "gen-1")
    (line,) = caplog.records
    assert (line.generation, line.reason) == ("gen-1", "it was encrypted with another secret_key")
