"""Whether a caller is still there: heard at once where somebody asks, otherwise only where the answer takes long."""

from __future__ import annotations

import asyncio
from typing import Any

from trunkline.server.http.presence import Presence, Unheard


class Connection:
    """A connection whose body has been read; `leave` ends it."""

    def __init__(self) -> None:
        self.heard = asyncio.Event()
        self._left = asyncio.Event()

    async def receive(self) -> dict[str, Any]:
        if not self.heard.is_set():
            self.heard.set()
            return {"type": "http.request", "body": b"", "more_body": False}
        await self._left.wait()
        return {"type": "http.disconnect"}

    def leave(self) -> None:
        self._left.set()


def test_a_caller_whose_answer_takes_long_is_listened_for():
    async def run() -> None:
        connection = Connection()
        presence = Presence(connection.receive, Unheard(seconds=0.001))
        await connection.heard.wait()
        assert not presence.gone()
        connection.leave()
        await presence.left
        assert presence.gone()

    asyncio.run(run())


def test_a_caller_who_is_asked_for_is_listened_for_at_once():
    async def run() -> None:
        connection = Connection()
        presence = Presence(connection.receive, Unheard(seconds=3600))
        connection.leave()
        await presence.left
        assert presence.gone()

    asyncio.run(run())


def test_nobody_listens_for_a_caller_who_has_been_answered():
    async def run() -> None:
        unheard, answered, waiting = Unheard(seconds=0.001), Connection(), Connection()
        Presence(answered.receive, unheard).close()
        presence = Presence(waiting.receive, unheard)
        await waiting.heard.wait()
        assert not answered.heard.is_set()
        presence.close()

    asyncio.run(run())


def test_the_timer_begins_again_for_whoever_comes_after_a_pause():
    async def run() -> None:
        unheard = Unheard(seconds=0.001)
        for _ in range(2):
            connection = Connection()
            presence = Presence(connection.receive, unheard)
            await connection.heard.wait()
            presence.close()
            await asyncio.sleep(0.01)  # the timer ends in silence

    asyncio.run(run())
