"""A call that is cancelled between two of its stages."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.gateway.world import World, running
from tests.upstream.answers import completion, whole
from trunkline.server.cohort import Cohort
from trunkline.server.departures import Departures

BEHIND_THE_ANSWER = 3


class Cut(Cohort):
    """In a crowd, with the call cancelled as it reaches its third stage."""

    def __init__(self) -> None:
        crowd = Departures()
        crowd.crowded = True
        super().__init__(crowd)
        self.reached = 0

    def stage(self) -> Awaitable[None]:
        self.reached += 1
        if self.reached == BEHIND_THE_ANSWER:
            task = asyncio.current_task()
            assert task is not None
            task.cancel()
        return super().stage()


@pytest.fixture
def cut(tmp_path: Path) -> Iterator[World]:
    with running(tmp_path, cohort=Cut()) as world:
        yield world


VECTORS = {
    "object": "list",
    "data": [{"object": "embedding", "index": 0, "embedding": [0.5]}],
    "model": "m",
    "usage": {"prompt_tokens": 7, "total_tokens": 7},
}


@pytest.mark.parametrize(
    ("path", "body", "answer"),
    [
        ("/chat/completions", {"model": "acme/m", "messages": [{"role": "user", "content": "Hi"}]}, completion()),
        ("/embeddings", {"model": "acme/embed", "input": "Hi"}, VECTORS),
    ],
)
def test_an_answer_that_has_come_is_settled_and_given_whoever_cancels(
    cut: World, path: str, body: dict[str, Any], answer: dict[str, Any]
):
    cut.always(*whole(answer))
    reply = cut.post(path, body)
    assert reply.status == 200
    record = cut.record()
    assert (record.cancelled, record.usage.prompt_tokens, record.usage.estimated) == (False, 7, False)
    assert record.charged == Decimal(str(reply.json()["usage"]["cost"])) > 0
