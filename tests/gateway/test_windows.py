"""Prompts that are too long for an endpoint: another one, a shorter prompt, or a refusal (spec gateway 8.3)."""

from __future__ import annotations

import json

from tests.gateway.world import METADATA, World
from tests.upstream.answers import completion, whole

OK = whole(completion())


def test_a_prompt_that_fits_only_one_window_goes_there(world: World):
    world.beta.then(*OK)
    long = [{"role": "user", "content": "word " * 9_600}]
    assert world.chat(model="acme/long", messages=long).json()["provider"] == "Beta"
    assert world.attempts() == [("beta", 200)]
    world.forget()
    for off in ({"transforms": []}, {"plugins": [{"id": "context-compression", "enabled": False}]}):
        error = world.chat(messages=long, **off).error(400)
        assert error["metadata"]["error_type"] == "context_length_exceeded"
    assert world.called() == []


def test_a_prompt_that_fits_nowhere_is_shortened_and_that_is_told(world: World):
    talk = [{"role": "user", "content": f"{number} " + "word " * 500} for number in range(19)]
    world.always(*OK)
    routed = world.chat(messages=talk, headers=METADATA).json()["openrouter_metadata"]
    (call,) = world.alpha.calls
    sent = json.loads(call.body)["messages"]
    assert 5 < len(sent) < 19
    assert [sent[0], sent[-1]] == [talk[0], talk[-1]]
    assert routed["pipeline"] == [
        {
            "type": "context_compression",
            "name": "context-compression",
            "summary": f"{len(sent)} of 19 messages were sent",
            "data": {"engine": "middle-out", "messages": 19, "messages_sent": len(sent)},
        }
    ]
    world.forget()
    world.always(*OK)
    short = world.chat(messages=talk[:1], transforms=["middle-out"], headers=METADATA).json()
    assert "pipeline" not in short["openrouter_metadata"]
    assert "transforms" not in json.loads(world.called()[0].body)


def test_a_window_that_is_smaller_than_said_counts_for_nothing(world: World):
    too_long = {"error": {"message": "maximum context length is 100 tokens", "code": "context_length_exceeded"}}
    world.alpha.then(*whole(too_long, 400))
    world.beta.then(*OK)
    assert world.chat(model="acme/long").json()["provider"] == "Beta"
    assert not world.record().attempts[0].counts
    world.forget()
    world.always(*whole(too_long, 400))
    assert world.chat().error(400)["metadata"]["error_type"] == "context_length_exceeded"
    assert world.attempts() == [("alpha", 400)]
