"""What becomes of a call whose caller leaves (spec gateway 2.7, cases 69 to 73)."""

from __future__ import annotations

import json
import threading
import time
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from tests.gateway.world import PATIENCE, World, eventually
from tests.upstream.answers import DONE, END, STREAM_HEAD, chunked, completion, delta, streamed, usage, whole
from tests.upstream.scripted import Hang, Send, Wait


def test_leaving_a_stream_ends_the_upstream_and_costs_what_came(world: World):
    world.alpha.then(*streamed(*(delta(content="five words or so ") for _ in range(5)), end=b""), Hang())
    with world.listening(stream=True, session_id="s") as reply:
        reply.begin()
        heard = b"".join(reply.readline() for _ in range(10))
        assert heard.count(b"five words") == 5
        assert world.ledger.records == []
    (call,) = world.alpha.calls
    assert call.gone.wait(PATIENCE)
    record = world.record()
    assert (record.cancelled, record.usage.estimated, record.error_type) == (True, True, None)
    assert 5 <= record.usage.completion_tokens <= 40
    assert record.charged == Decimal("0.000001") * record.usage.total_tokens > 0
    assert world.attempts() == [("alpha", 200)]
    assert len(world.gateway.stickiness) == 0


def test_leaving_an_upstream_that_goes_on_anyway_costs_all_of_it(world: World):
    release = threading.Event()
    rest = [Send(chunked(piece)) for piece in (delta(content="b"), delta("stop"), usage(70, 30), DONE)]
    world.providers["groq"].then(Send(STREAM_HEAD), Send(chunked(delta(content="a"))), Wait(release), *rest, Send(END))
    with world.listening(stream=True, model="acme/stubborn") as reply:
        reply.begin()
        assert b'"a"' in reply.readline()
    eventually(lambda: bool(world.gateway._draining))  # or the answer may be there before it is noticed who has left
    release.set()
    record = world.record()
    assert record.cancelled
    assert (record.usage.prompt_tokens, record.usage.completion_tokens) == (70, 30)
    assert record.charged == Decimal("0.0001")
    assert not world.providers["groq"].calls[0].gone.is_set()


def test_leaving_before_any_token_ends_the_upstream_for_nothing(world: World):
    world.alpha.then(Send(STREAM_HEAD), Hang())
    with world.listening(stream=True):
        world.alpha.await_calls(1)
    assert world.alpha.calls[0].gone.wait(PATIENCE)
    record = world.record()
    assert (record.cancelled, record.charged) == (True, 0)
    assert world.attempts() == [("alpha", 499)]
    assert not record.attempts[0].counts
    assert world.beta.calls == []


def test_leaving_during_keep_alives_ends_the_upstream(world: World):
    world.gateway.keep_alive_seconds = 0.05
    world.alpha.then(Send(STREAM_HEAD), Hang())
    with world.listening(stream=True) as reply:
        reply.begin()
        assert reply.readline() == b": OPENROUTER PROCESSING\n"
    assert world.alpha.calls[0].gone.wait(PATIENCE)
    assert world.record().cancelled


def test_leaving_a_whole_answer_changes_nothing_but_who_hears_it(world: World):
    release = threading.Event()
    world.alpha.then(Wait(release), *whole(completion()))
    with world.listening():
        world.alpha.await_calls(1)
    release.set()
    record = world.record()
    assert (record.charged, record.finish_reason) == (Decimal("0.00001"), "stop")
    assert world.attempts() == [("alpha", 200)]


def test_nobody_is_tried_for_a_caller_who_has_left(world: World):
    failing = threading.Event()
    world.alpha.then(Wait(failing), *whole({"error": {"message": "boom"}}, 500))
    with world.listening(stream=True):
        world.alpha.await_calls(1)
    eventually(lambda: bool(world.ledger.records))
    failing.set()
    assert world.attempts() == [("alpha", 499)]
    assert world.beta.calls == world.gamma.calls == []


def test_keep_alives_come_between_tokens_and_never_inside_of_one(world: World):
    world.gateway.keep_alive_seconds = 0.05
    go_on = threading.Event()
    after = (Send(chunked(piece)) for piece in (delta(content="b"), delta("stop"), usage(), DONE))
    world.alpha.then(Send(STREAM_HEAD), Send(chunked(delta(content="a"))), Wait(go_on), *after, Send(END))
    with world.listening(stream=True) as reply:
        reply.begin()
        heard = reply.readline() + reply.readline()
        assert json.loads(heard.removeprefix(b"data: "))["choices"][0]["delta"]["content"] == "a"
        assert [reply.readline() for _ in range(4)] == [b": OPENROUTER PROCESSING\n", b"\n"] * 2
        go_on.set()
        assert reply.read().endswith(DONE)
    assert world.record().finish_reason == "stop"


@dataclass(frozen=True)
class Noted(Send):
    """Bytes of which it is noted that sending them has begun."""

    begun: list[float] = field(default_factory=list)

    def __getattribute__(self, name: str) -> Any:
        if name == "data":
            object.__getattribute__(self, "begun").append(time.monotonic())
        return object.__getattribute__(self, name)


def test_a_caller_who_reads_slowly_slows_the_upstream_down(world: World):
    begun: list[float] = []
    piece = delta(content="x" * (256 * 1024))
    rest = [Send(chunked(bytes_)) for bytes_ in (delta("stop"), usage(), DONE)]
    count = 200
    world.gateway.keep_alive_seconds = 0.2
    world.alpha.then(Send(STREAM_HEAD), *(Noted(chunked(piece), begun) for _ in range(count)), *rest, Send(END))
    with world.listening(stream=True) as reply:
        reply.begin()
        # Until the upstream has stood still for a while: the buffers between are full, and only those.
        eventually(lambda: bool(begun) and time.monotonic() - begun[-1] > 0.5)
        held = len(begun)
        heard = reply.read()
    assert held < count * 3 // 4
    assert len(begun) == count
    assert heard.count(b'"delta"') == count + 1
    assert heard.endswith(DONE)
    events = [block for block in heard.split(b"\n\n") if block]
    assert all(block.startswith((b"data: ", b": OPENROUTER PROCESSING")) for block in events)
    assert world.record().finish_reason == "stop"
