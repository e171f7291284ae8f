"""Many calls at once, whose answers come in the same turns of the loop: each gets its own, and each is recorded."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import select

from tests.factories import fixture_delivery, seed
from tests.gateway.world import HELLO, eventually
from tests.live.servers import in_process
from tests.live.tenants import create_account
from tests.live.wire import Site
from tests.server.http.callers import Caller, request
from tests.upstream.answers import DONE, END, STREAM_HEAD, chunked, completion, delta, usage, whole
from tests.upstream.scripted import Call, ScriptedProvider, Send, Step, Wait
from trunkline.server.adapters.store.database import open_database
from trunkline.server.adapters.store.traffic_tables import GENERATIONS
from trunkline.server.domain.generation.record import GenerationRecord
from trunkline.server.settings import load

CALLS = 40
ACCOUNT = "00000000-0000-4000-8000-000000000040"
SETTINGS = """
[providers.alpha]
base_url = "{alpha}"
name = "Alpha"
data_policy = {{ training = false, retention_days = 30 }}

[[endpoints]]
model = "acme/m"
provider = "alpha"
name = "M"
context_length = 8192
pricing = {{ prompt = "0.000001", completion = "0.000001" }}
"""
_RECORD = msgspec.json.Decoder(GenerationRecord)


class Echo:
    """A provider that says to each call what it was asked, as soon as it is let go: streams begin before that."""

    def __init__(self, provider: ScriptedProvider) -> None:
        self.provider, self.let = provider.answer(self._steps), threading.Event()

    def _steps(self, call: Call) -> tuple[Step, ...]:
        asked = json.loads(call.body)
        said = asked["messages"][-1]["content"]
        if not asked.get("stream"):
            return Wait(self.let), *whole(completion(said))
        rest = b"".join(map(chunked, (delta(content=" again"), delta("stop"), usage(), DONE)))
        return Send(STREAM_HEAD + chunked(delta(content=said))), Wait(self.let), Send(rest + END)


class Crowd:
    """A server with all that belongs to one, and its store beside it."""

    def __init__(self, home: Path, site: Site, key: str, echo: Echo) -> None:
        self._home, self._site, self._key, self.echo = home, site, key, echo

    def ask(self, caller: Caller, number: int, **more: Any) -> None:
        """Send a call of that number."""
        said = {"model": "acme/m", "messages": [*HELLO, {"role": "user", "content": f"I am {number}"}], **more}
        headers = f"authorization: Bearer {self._key}".encode(), b"content-type: application/json"
        caller.send(request(b"POST /api/v1/chat/completions", *headers, body=json.dumps(said).encode()))

    def caller(self) -> Caller:
        """Connect."""
        return Caller(self._site.port)

    def records(self, count: int) -> dict[str, GenerationRecord]:
        """Return what is recorded, by id, once it is so many."""
        found: list[GenerationRecord] = []
        database = open_database(self._home / "trunkline.db")

        def all_there() -> bool:
            with database.engine.connect() as connection:
                found[:] = [_RECORD.decode(text) for text in connection.scalars(select(GENERATIONS.c.document))]
            return len(found) >= count

        try:
            eventually(all_there)
        finally:
            database.close()
        assert len(found) == count
        return {record.id: record for record in found}


@pytest.fixture
def crowd(tmp_path: Path) -> Iterator[Crowd]:
    with ScriptedProvider() as alpha:
        home = seed(tmp_path / "home", [fixture_delivery()])
        (home / "trunkline.toml").write_text(SETTINGS.format(alpha=alpha.url))
        management = create_account(home, ACCOUNT, now=time.time)
        with in_process(load({"home": str(home)}, {}).settings, time.time) as site:
            made = site.ask("POST", "/keys", b'{"name": "k"}', authorization=f"Bearer {management}")
            yield Crowd(home, site, made.json()["key"], Echo(alpha))


def whole_text(body: bytes) -> tuple[str, str]:
    """Return id and text of a whole answer."""
    said = json.loads(body)
    return said["id"], said["choices"][0]["message"]["content"]


def streamed_text(body: bytes) -> tuple[str, str]:
    """Return id and text of a streamed answer, which has come to its end."""
    *events, last = [block.removeprefix(b"data: ") for block in body.split(b"\n\n") if block.startswith(b"data: ")]
    assert last == b"[DONE]"
    said = [json.loads(event) for event in events]
    (id_,) = {event["id"] for event in said}
    return id_, "".join(choice["delta"].get("content") or "" for event in said for choice in event["choices"])


@pytest.mark.parametrize("leaving", [0, CALLS // 2])
@pytest.mark.parametrize(
    ("stream", "text", "end"), [(False, whole_text, ""), (True, streamed_text, " again")], ids=["whole", "streamed"]
)
def test_each_of_a_crowd_gets_its_own_answer_and_all_are_recorded(
    crowd: Crowd, stream: bool, text: Callable[[bytes], tuple[str, str]], end: str, leaving: int
):
    with ExitStack() as stack:
        callers = [stack.enter_context(crowd.caller()) for _ in range(CALLS)]
        for number, caller in enumerate(callers):
            crowd.ask(caller, number, **({"stream": True} if stream else {}))
        crowd.echo.provider.await_calls(CALLS)
        # Every other one, so that who leaves stands between those who stay.
        left = range(0, 2 * leaving, 2)
        for number in left:
            if stream:
                callers[number].head()
                assert callers[number].chunk()
            callers[number].close()
        if stream:
            crowd.records(leaving)
        crowd.echo.let.set()
        told = {number: callers[number].reply(b"POST") for number in range(CALLS) if number not in left}
    assert {reply.status for reply in told.values()} == {200}
    said = {number: text(reply.body) for number, reply in told.items()}
    assert {number: words for number, (_, words) in said.items()} == {n: f"I am {n}{end}" for n in told}
    records = crowd.records(CALLS)
    stayed = {id_ for id_, _ in said.values()}
    assert len(stayed) == len(told)
    assert stayed <= records.keys()
    assert all(records[id_].finish_reason == "stop" and not records[id_].cancelled for id_ in stayed)
    assert {record.cancelled for id_, record in records.items() if id_ not in stayed} == (
        {stream} if leaving else set()
    )
    assert {record.usage.total_tokens for id_, record in records.items() if id_ in stayed} == {10}
