"""Conversations that stay with their endpoint (spec gateway 3.7, cases 43 and 44)."""

from __future__ import annotations

from typing import Any

from tests.gateway.world import World
from tests.upstream.answers import completion, whole
from trunkline.server.adapters.memory.sticky import LiveStickiness

BOOM = whole({"error": {"message": "boom"}}, 500)
OK = whole(completion())


def cached(tokens: int) -> dict[str, Any]:
    answer = completion()
    return {**answer, "usage": {**answer["usage"], "prompt_tokens_details": {"cached_tokens": tokens}}}


def test_a_session_stays_with_who_served_it_until_it_has_been_quiet(world: World):
    world.gateway.stickiness = LiveStickiness(seconds=600)
    world.alpha.then(*BOOM)
    world.beta.then(*BOOM)
    world.always(*OK)
    assert world.chat(session_id="s").json()["provider"] == "Gamma"
    world.clock.skip(40)  # the others' outage is over
    assert world.chat(session_id="s").json()["provider"] == "Gamma"
    assert world.chat(headers={"x-session-id": "s"}).json()["provider"] == "Gamma"
    assert world.chat(session_id="s", provider={"order": ["alpha"]}).json()["provider"] == "Alpha"
    assert world.chat(session_id="other").json()["provider"] == "Alpha"
    world.clock.skip(601)
    assert world.chat(session_id="s").json()["provider"] == "Alpha"


def test_a_conversation_without_a_name_stays_once_its_cache_was_of_use(world: World):
    world.alpha.then(*BOOM).then(*BOOM)
    world.beta.then(*whole(cached(0))).then(*whole(cached(4)))
    world.always(*OK)
    assert world.chat().json()["provider"] == "Beta"
    world.clock.skip(40)
    assert world.chat().json()["provider"] == "Beta"
    world.clock.skip(40)
    assert len(world.alpha.calls) == 2
    assert world.chat().json()["provider"] == "Beta"
    assert len(world.alpha.calls) == 2
