"""Every line that is written while a call is worked on names it, whatever is going on beside it."""

from __future__ import annotations

import asyncio
import json
import logging
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.gateway.world import World
from tests.upstream.answers import completion, whole
from tests.upstream.scripted import Reset, Wait
from trunkline.server.adapters.telemetry.logs import JsonLines
from trunkline.server.http import correlation
from trunkline.server.http.app import OPERATIONS
from trunkline.server.http.cache import AnswerCache
from trunkline.server.http.front import Front
from trunkline.server.http.hosts import HostTable
from trunkline.server.http.request import Request
from trunkline.server.http.router import Router


class Heard(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.setFormatter(JsonLines(correlation.current))
        self.lines: list[dict[str, object]] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(json.loads(self.format(record)))

    def events(self, event: str) -> list[dict[str, object]]:
        return [line for line in self.lines if line["event"] == event]


@pytest.fixture
def heard() -> Iterator[Heard]:
    handler, log = Heard(), logging.getLogger("trunkline")
    before = log.level
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    yield handler
    log.removeHandler(handler)
    log.setLevel(before)


def test_lines_of_calls_that_go_on_at_once_name_the_right_one(world: World, heard: Heard):
    fail = threading.Event()
    world.alpha.always(Wait(fail), Reset())
    world.beta.always(*whole(completion()))
    with ThreadPoolExecutor(4) as pool:
        calls = [pool.submit(world.chat) for _ in range(4)]
        world.alpha.await_calls(4)
        fail.set()
        ids = {call.result().headers["x-generation-id"] for call in calls}
    lines = heard.events("attempt failed")
    assert len(ids) == len(lines) == 4
    assert {line["generation_id"] for line in lines} == ids
    assert {line["provider"] for line in lines} == {"alpha"}


@pytest.mark.parametrize("stream", [False, True])
def test_a_call_that_reaches_nobody_is_told_with_its_status(world: World, heard: Heard, stream: bool):
    reply = world.chat(model="acme/nope", stream=stream)
    assert reply.status == 400
    (line,) = heard.events("call refused")
    assert (line["generation_id"], line["status"]) == (reply.headers["x-generation-id"], 400)
    assert (line["requested"], line["error_type"]) == ("acme/nope", "invalid_request")


def test_a_call_that_is_not_as_documented_is_told_without_what_it_held(world: World, heard: Heard):
    reply = world.chat(temperature="canary")
    assert reply.status == 400
    (line,) = heard.events("call refused")
    assert (line["generation_id"], line["status"]) == (reply.headers["x-generation-id"], 400)
    assert "canary" not in json.dumps(heard.lines)


def test_a_request_behind_a_call_on_the_same_connection_is_not_told_under_its_id(world: World):
    front = Front(world.context, Router(OPERATIONS), HostTable({}), AnswerCache(0), 1 << 20)

    async def ask() -> list[str | None]:
        correlation.begin("gen-before")
        before = correlation.current()
        await front.answer(Request("GET", b"/api/v1/providers", b"", {}))
        return [before, correlation.current()]

    assert asyncio.run(ask()) == ["gen-before", None]
