"""Every fault that a provider can have, on real sockets: no hang, no 500, one record, and what the table says."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

import pytest

from tests.gateway.fault_rows import ANSWER, TOKENS, Row
from tests.gateway.fault_tables import GROUPS
from tests.gateway.faulty import GOOD, faulty
from tests.gateway.world import World
from tests.live.wire import Reply
from tests.upstream.answers import completion, hello, whole

ROWS: Final = [row for rows in GROUPS.values() for row in rows]
FAIR: Final = {"prompt_tokens", "completion_tokens", "total_tokens", "cost"}


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with faulty(tmp_path_factory.mktemp("faulty")) as world:
        yield world


@pytest.fixture
def world(everything: World) -> World:
    everything.forget()
    return everything


def named(rows: list[Row]) -> Any:
    return pytest.mark.parametrize("row", rows, ids=lambda row: row.name)


def asked(world: World, row: Row, *, stream: bool, alone: bool) -> Reply:
    """Have the row's provider asked, alone or with a good one behind it."""
    if row.patience is not None:
        world.gateway.pre_token_seconds = row.patience
    order = [row.provider] if alone else [row.provider, GOOD]
    world.providers[GOOD].always(*(hello() if stream else whole(completion("Good"))))
    return world.chat(stream=stream, provider={"only": order, "order": order, "allow_fallbacks": not alone})


def play(world: World, row: Row, steps: Any) -> None:
    if steps and row.provider in world.providers:
        world.providers[row.provider].then(*steps)


def told(reply: Reply) -> list[dict[str, Any]]:
    """Return the chunks of a stream, `[DONE]` as an empty one."""
    blocks = [block[6:] for block in reply.body.decode().split("\n\n") if block.startswith("data: ")]
    return [{} if block == "[DONE]" else json.loads(block) for block in blocks]


def text_of(chunks: list[dict[str, Any]]) -> str:
    choices = [choice for chunk in chunks for choice in chunk.get("choices", ())]
    return "".join(choice["delta"].get("content") or "" for choice in choices)


def require_one_record(world: World, *, failed: bool) -> None:
    """Check that the call left one record, whose numbers make sense, and that a failure costs nothing."""
    record = world.record()
    used = record.usage
    assert min(used.prompt_tokens, used.completion_tokens, used.cached_tokens, used.reasoning_tokens) >= 0
    assert used.cached_tokens <= used.prompt_tokens < 1_000
    assert used.completion_tokens < 10_000_000
    assert record.charged == 0 if failed else record.charged > 0
    assert all(attempt.latency_ms >= 0 for attempt in record.attempts)


def require_error(reply: Reply, row: Row, seen: str) -> None:
    status, kind = seen.split(" ")
    error = reply.error(int(status))
    assert error["metadata"]["error_type"] == kind
    assert "retry-after" not in reply.headers or int(status) in {429, 503, 504, 529}
    if row.wait is not None:
        assert reply.headers["retry-after"] == str(row.wait)
    elif int(status) == 429:
        assert "retry-after" not in reply.headers
    assert "canary" not in reply.body.decode()


def require_usage(used: dict[str, Any]) -> None:
    assert used.keys() >= FAIR
    assert all(used[name] >= 0 for name in FAIR)


@named([row for row in ROWS if row.whole is not None])
def test_a_whole_answer(world: World, row: Row):
    play(world, row, row.whole)
    reply = asked(world, row, stream=False, alone=True)
    if row.sees == ANSWER:
        assert reply.status == 200, reply
        assert reply.json()["choices"][0]["message"]["content"] == row.said
        require_usage(reply.json()["usage"])
    else:
        require_error(reply, row, row.sees)
    require_one_record(world, failed=row.sees != ANSWER)


@named([row for row in ROWS if row.streamed is not None])
def test_a_stream_before_its_first_token(world: World, row: Row):
    play(world, row, row.streamed)
    seen = row.sees_streamed or row.sees
    reply = asked(world, row, stream=True, alone=True)
    if seen == ANSWER:
        chunks = told(reply)
        assert text_of(chunks) == row.said
        assert chunks[-1] == {}
        (used,) = [chunk["usage"] for chunk in chunks if "usage" in chunk]
        require_usage(used)
    else:
        require_error(reply, row, seen)
    require_one_record(world, failed=seen != ANSWER)


@named([row for row in ROWS if row.after is not None])
def test_a_stream_after_tokens(world: World, row: Row):
    seen = row.sees_after or row.sees
    play(world, row, (*TOKENS, *(row.after or ())))
    chunks = told(asked(world, row, stream=True, alone=False))
    assert text_of(chunks) == "Hello"
    (used,) = [chunk["usage"] for chunk in chunks if "usage" in chunk]
    require_usage(used)
    if seen == ANSWER:
        assert chunks[-1] == {}
    else:
        status, kind = seen.split(" ")
        error = chunks[-1]["error"]
        assert (error["code"], error["metadata"]["error_type"]) == (int(status), kind)
        assert chunks[-1]["choices"][0]["finish_reason"] == "error"
    assert world.providers[GOOD].calls == []
    require_one_record(world, failed=seen != ANSWER)


@pytest.mark.parametrize(
    ("row", "stream"),
    [
        pytest.param(row, stream, id=f"{row.name}-{'streamed' if stream else 'whole'}")
        for row in ROWS
        for stream in row.failing()
    ],
)
def test_another_provider_answers_where_one_may(world: World, row: Row, stream: bool):
    steps, seen = (row.streamed, row.sees_streamed or row.sees) if stream else (row.whole, row.sees)
    play(world, row, steps)
    reply = asked(world, row, stream=stream, alone=False)
    if not row.passes_on:
        require_error(reply, row, row.sees_next or seen)
        assert world.providers[GOOD].calls == []
    elif stream:
        assert text_of(told(reply)) == "Hello"
    else:
        assert reply.json()["choices"][0]["message"]["content"] == "Good"
    require_one_record(world, failed=not row.passes_on)
    assert [attempt.ok for attempt in world.record().attempts] == ([False, True] if row.passes_on else [False])


def test_there_are_faults_of_all_kinds_and_each_has_one_name():
    assert len({row.name for row in ROWS}) == len(ROWS) >= 100
    assert len({row.what for row in ROWS}) == len(ROWS)
