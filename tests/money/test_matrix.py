"""Each call leaves exactly one record, whatever is asked on which surface, of whom, and however it ends."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, closing
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from sqlalchemy import select

from tests.live.gateways import Caller, gateway
from tests.money.matrix import SETTINGS, VOICES, WORDS, Case, Play, cases, play
from tests.money.shop import eventually
from tests.upstream.answers import whole
from tests.upstream.scripted import ScriptedProvider
from trunkline.server.adapters.store.engine import create, read_location
from trunkline.server.adapters.store.traffic_tables import GENERATIONS
from trunkline.server.domain.generation.record import GenerationRecord

FULL = Decimal("0.000026")
"""12 tokens of prompt and 7 of completion at 1 and 2 USD per million."""
EMBEDDED = Decimal("0.000004")


class Played:
    """All cases after they have been played, with the records that are in the store."""

    def __init__(self, plays: list[Play], location: str) -> None:
        self.plays = {play.case: play for play in plays}
        self._location = location

    def read(self) -> dict[str, list[GenerationRecord]]:
        """Return the records by case, in the order in which their calls came."""
        engine = create(read_location(self._location), 10)
        try:
            with closing(engine.connect()) as connection:
                texts = list(connection.scalars(select(GENERATIONS.c.document)))
        finally:
            engine.dispose()
        found: dict[str, list[GenerationRecord]] = {}
        for record in sorted((msgspec.json.decode(text, type=GenerationRecord) for text in texts), key=_created):
            found.setdefault(record.external_user or "", []).append(record)
        return found


def _created(record: GenerationRecord) -> float:
    return record.created


def spent_key(caller: Caller, provider: ScriptedProvider) -> str:
    """Return a key that has spent all that it may."""
    reply = caller.site.ask(
        "POST", "/keys", b'{"name": "poor", "limit": 0.000026}', authorization=f"Bearer {caller.management}"
    )
    key: str = reply.json()["key"]
    provider.then(*whole(VOICES["openai"].whole(WORDS)))
    assert Caller(caller.site, key).chat("acme/openai", user="poor").status == 200
    return key


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Played, Any]]:
    """Play all cases on a running server, and wait until the store has the records of those that leave any."""
    with ExitStack() as stack:
        providers = {name: stack.enter_context(ScriptedProvider()) for name in VOICES}
        home = tmp_path_factory.mktemp("matrix") / "home"
        settings = SETTINGS.format(**{name: provider.url for name, provider in providers.items()})
        caller = stack.enter_context(gateway(home, settings))
        poor = spent_key(caller, providers["openai"])
        played = Played(play(caller.site, caller.key, poor, providers), str(home / "trunkline.db"))
        expected = Counter({str(case): case.records for case in cases()})
        eventually(lambda: Counter({case: len(found) for case, found in played.read().items()}) >= expected)
        yield played, caller


@pytest.fixture(scope="module")
def records(server: tuple[Played, Any]) -> dict[str, list[GenerationRecord]]:
    return server[0].read()


@pytest.mark.parametrize("case", list(cases()), ids=str)
def test_each_call_leaves_one_record_with_its_usage(case: Case, server, records):
    played, caller = server
    found = records.get(str(case), [])
    assert len(found) == case.records
    replies = played.plays[case].replies
    if case.end == "refused":
        assert replies[0].error(402)["message"].startswith("Key limit exceeded")
        return
    for record in found:
        assert min(msgspec.structs.astuple(record.usage)) >= 0
        assert min(record.charged, record.prompt_cost, record.completion_cost) >= 0
        assert record.account_id
        assert record.api_type == ("embeddings" if case.surface == "embeddings" else "completions")
        assert record.streamed == case.stream
        told = caller.get(f"/generation?id={record.id}").json()["data"]
        assert Decimal(str(told["usage"])) == Decimal(str(told["total_cost"])) == record.charged
        assert min(told["tokens_prompt"], told["tokens_completion"]) >= 0
    for reply, record in zip(replies, found, strict=True):
        assert reply is None or reply.headers["x-generation-id"] == record.id
    first = found[0]
    full = EMBEDDED if case.surface == "embeddings" else FULL
    match case.end:
        case "done":
            assert (first.charged, first.cancelled, first.error_type) == (full, False, None)
        case "cut":
            assert (first.charged, first.cancelled) == (0, False)
            assert first.error_type
        case "cancelled" if case.stream:
            assert (first.cancelled, first.usage.estimated, first.error_type) == (True, True, None)
            assert first.charged > 0
        case "cancelled":
            assert (first.charged, first.error_type) == (full, None)
    if case.cached:
        status = replies[1].headers.get("x-openrouter-cache-status")
        assert status in case.again
        expected = (0, 0) if status == "HIT" else (full, 4 if case.surface == "embeddings" else 19)
        assert (found[1].charged, found[1].usage.total_tokens) == expected


def test_no_call_leaves_a_record_that_nobody_made(server, records):
    known = {str(case) for case in cases()} | {"poor"}
    assert records.keys() <= known
    assert len({record.id for found in records.values() for record in found}) == sum(map(len, records.values()))
