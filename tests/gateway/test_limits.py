"""How often free models may be called (spec gateway 4.6, case 84)."""

from __future__ import annotations

import json

import pytest

from tests.gateway.world import World
from tests.upstream.answers import completion, hello, whole
from trunkline.server.adapters.memory.rates import LiveFreeCalls

OK = whole(completion())
FREE = {"model": "acme/gift:free"}


@pytest.fixture
def limited(world: World) -> World:
    """Return a world in which an account has three calls a minute and five a day."""
    world.clock.skip(60 - world.clock() % 60)  # a minute that has just begun
    world.gateway.free_calls = LiveFreeCalls(3, 5)
    world.always(*OK)
    return world


def test_the_call_after_the_last_one_of_a_minute_is_refused(limited: World):
    for _ in range(3):
        reply = limited.chat(**FREE)
        assert reply.status == 200
        assert not [name for name in reply.headers if name.startswith("x-ratelimit")]
    reply = limited.chat(**FREE)
    error = reply.error(429)
    assert error["metadata"]["error_type"] == "rate_limit_exceeded"
    assert (reply.headers["x-ratelimit-limit"], reply.headers["x-ratelimit-remaining"]) == ("3", "0")
    ends = int(reply.headers["x-ratelimit-reset"]) / 1000
    assert ends % 60 == 0
    assert 0 < ends - limited.clock() <= 60
    assert 0 < int(reply.headers["retry-after"]) <= 60
    assert reply.headers["x-generation-id"]
    assert len(limited.called()) == len(limited.ledger.records) == 3
    assert limited.chat(**FREE, stream=True).status == 429
    limited.clock.skip(60)
    assert limited.chat(**FREE).status == 200


def test_the_call_after_the_last_one_of_a_day_is_refused_until_the_next_day(limited: World):
    for _ in range(5):
        assert limited.chat(**FREE).status == 200
        limited.clock.skip(60)
    reply = limited.chat(**FREE)
    reply.error(429)
    assert reply.headers["x-ratelimit-limit"] == "5"
    assert int(reply.headers["x-ratelimit-reset"]) / 1000 % 86_400 == 0
    limited.clock.skip(86_400)
    assert limited.chat(**FREE).status == 200


def test_calls_that_fail_count_and_calls_that_are_refused_do_not(limited: World):
    limited.always(*whole({"error": {"message": "boom"}}, 500))
    for _ in range(3):
        assert limited.chat(**FREE).status == 503
    for _ in range(9):
        assert limited.chat(**FREE).status == 429
    limited.clock.skip(60)
    limited.always(*OK)
    assert [limited.chat(**FREE).status for _ in range(3)] == [200, 200, 429]


def test_models_that_cost_something_are_not_counted_and_stand_in(limited: World):
    for _ in range(5):
        assert limited.chat().status == 200
    for _ in range(3):
        assert limited.chat(model="openrouter/free").status == 200
    assert limited.chat(model="Acme/Gift:FREE:nitro").status == 429
    body = limited.chat(models=["acme/gift:free", "acme/m"], model=None).json()
    assert body["model"] == "acme/m"


def test_several_accounts_and_several_kinds_of_models_do_not_share():
    calls = LiveFreeCalls(1, 0)
    calls.take("a", 0.0)
    calls.take("b", 0.0)
    calls.take("a", 60.0)
    unlimited = LiveFreeCalls(0, 0)
    for _ in range(1000):
        unlimited.take("a", 0.0)


def test_a_conversation_of_free_calls_streams_as_any_other(limited: World):
    limited.always(*hello())
    assert limited.stream(**FREE).text == "Hello"
    assert json.loads(limited.called()[0].body)["model"] == "m-upstream"
