"""Which prompts are shortened, for whom and by how much (spec gateway 3.9, case 65)."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from tests.server.domain.routing.scene import M, offer, planned, pools, tags, text_model
from trunkline.server.domain.generation.estimate import prompt_tokens
from trunkline.server.domain.routing.outlook import Candidate
from trunkline.server.domain.routing.plan import Plan
from trunkline.server.errors import BadRequest

WORDS = "word " * 400
"""About 500 tokens."""
TALK = [{"role": "user" if number % 2 == 0 else "assistant", "content": f"{number} {WORDS}"} for number in range(25)]
"""About 12,600 tokens, a question at the end."""
ON = {"plugins": [{"id": "context-compression"}]}
OFF = {"plugins": [{"id": "context-compression", "enabled": False}]}


def windows(*sizes: int, **wire: Any) -> Any:
    names = ("alpha", "beta", "gamma")
    return pools(
        text_model(**wire),
        *(offer(name, 1 + at, context_length=size) for at, (name, size) in enumerate(zip(names, sizes, strict=False))),
    )


def sent(candidate: Candidate) -> list[dict[str, Any]]:
    raw = candidate.changes.get("messages")
    return TALK if raw is None else msgspec.json.decode(raw)


def size(candidate: Candidate) -> int:
    return prompt_tokens({"messages": msgspec.Raw(msgspec.json.encode(sent(candidate)))})


def asked(of: Any, **more: Any) -> Plan:
    return planned(of, messages=TALK, **more)


def test_where_the_prompt_fits_somewhere_it_stays_as_it_is():
    made = asked(windows(8192, 32_000))
    assert tags(made) == ["beta"]
    assert "messages" not in made.candidates[0].changes


def test_small_windows_get_a_shorter_prompt_by_themselves_and_large_ones_only_on_request():
    assert 2000 < size(asked(windows(8192)).candidates[0]) < 8192 * 0.75
    assert asked(windows(9000)).refusal is not None
    assert size(asked(windows(9000), **ON).candidates[0]) < 9000 * 0.75
    assert asked(windows(8192), **OFF).refusal is not None
    assert asked(windows(8192), given={"small_window": 0}).refusal is not None


def test_on_request_each_endpoint_gets_as_much_as_it_takes():
    made = asked(windows(8000, 10_000, 32_000), provider={"sort": "price"}, **ON)
    assert tags(made) == ["alpha", "beta", "gamma"]
    first, second, third = made.candidates
    assert size(first) < size(second) < size(third)
    assert "messages" not in third.changes


def test_what_is_asked_for_in_the_answer_is_left_room_for():
    plain, roomy = (asked(windows(8000), max_tokens=most, **ON).candidates[0] for most in (10, 4000))
    assert size(roomy) < 4000 < size(plain) < 8000


def test_a_window_that_the_answer_alone_is_too_long_for_is_none():
    assert asked(windows(8192), max_tokens=8192).refusal is not None
    assert asked(windows(8192), max_tokens=8192, **ON).refusal is not None


def test_models_that_only_draw_get_the_whole_prompt_or_none():
    drawing = {"input_modalities": ["text"], "output_modalities": ["image"]}
    assert asked(windows(8192, architecture=drawing), **ON).refusal is not None


def test_anthropics_models_get_a_thousand_messages_on_request():
    many = [{"role": "user" if number % 2 == 0 else "assistant", "content": str(number)} for number in range(1201)]
    of = pools(text_model("anthropic/c"), offer("alpha", 1, "anthropic/c"), text_model(), offer("alpha", 1))
    (one,) = planned(of, "anthropic/c", messages=many, **ON).candidates
    kept = [int(message["content"]) for message in sent(one)]
    assert kept == [*range(500), *range(701, 1201)]
    assert "messages" not in planned(of, M, messages=many, **ON).candidates[0].changes
    assert "messages" not in planned(of, "anthropic/c", messages=many).candidates[0].changes


@pytest.mark.parametrize(
    ("wrong", "path"),
    [
        ({"transforms": ["outside-in"]}, "transforms[0]"),
        ({"transforms": "middle-out"}, "transforms"),
        ({"plugins": [{"id": "web"}, {"id": "shrink"}]}, "plugins[1].id"),
        ({"plugins": [{}]}, "plugins"),
    ],
)
def test_a_plugin_that_there_is_not_is_named(wrong: dict[str, Any], path: str):
    with pytest.raises(BadRequest) as refused:
        asked(windows(8192), **wrong)
    (issue,) = refused.value.issues
    assert issue.path == path


@pytest.mark.parametrize("told", [{"plugins": None}, {"plugins": [{"id": "armor"}]}, {"transforms": None}])
def test_what_only_clients_know_says_nothing(told: dict[str, Any]):
    assert asked(windows(32_000), **told).refusal is None
