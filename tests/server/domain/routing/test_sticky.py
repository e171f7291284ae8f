"""Conversations: what they are known by, and when they are kept (spec gateway 3.7, step 5)."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.server.domain.routing.scene import HELLO, dollars, offer, planned, pools, request, text_model
from trunkline.server.domain.generation.request import Surface
from trunkline.server.domain.routing.sticky import Conversation, conversation, worth_keeping

SYSTEM = {"role": "system", "content": "Be brief."}
ANSWER = {"role": "assistant", "content": "Hello!"}
MORE = {"role": "user", "content": "And now?"}


def told(**fields: Any) -> Conversation:
    found = conversation(request(**fields))
    assert found is not None
    return found


def test_a_session_goes_before_a_cache_key_and_that_before_the_opening():
    by_session = told(session_id="s", prompt_cache_key="k")
    by_cache = told(prompt_cache_key="k")
    opening = told()
    assert [one.explicit for one in (by_session, by_cache, opening)] == [True, True, False]
    assert len({one.name for one in (by_session, by_cache, opening)}) == 3
    assert told(prompt_cache_key=None).name == opening.name
    assert told(session_id="k").name != by_cache.name


def test_a_conversation_is_told_by_its_opening_however_long_it_gets():
    short = told(messages=[SYSTEM, *HELLO])
    assert told(messages=[SYSTEM, *HELLO, ANSWER, MORE]) == short
    assert told(messages=[SYSTEM, MORE]) != short
    assert told(messages=HELLO) != short
    assert told(messages=[{**SYSTEM, "role": "developer"}, *HELLO]) != short


@pytest.mark.parametrize("messages", [[], "no list", [SYSTEM], [1, 2], None])
def test_what_has_no_opening_is_no_conversation(messages: Any):
    assert conversation(request(messages=messages)) is None


def test_embeddings_and_completions_stay_nowhere():
    assert conversation(request(surface=Surface.EMBEDDINGS, session_id="s")) is None
    without = request(surface=Surface.COMPLETIONS, prompt="Once")
    fields = {name: raw for name, raw in without.fields.items() if name != "messages"}
    assert conversation(replace(without, fields=fields)) is None


@given(st.lists(st.tuples(*(st.text(max_size=3) for _ in range(3))), min_size=2, max_size=2, unique=True))
def test_keys_differ_where_account_model_or_conversation_do(pair: list[tuple[str, str, str]]):
    one, other = (Conversation(name, explicit=True).key(account, model) for account, model, name in pair)
    assert one != other or any("\0" in part for parts in pair for part in parts)


@pytest.mark.parametrize(
    ("cache_read", "explicit", "cached", "kept"),
    [
        ("0.0000005", True, 0, True),
        ("0.0000005", False, 0, False),
        ("0.0000005", False, 1, True),
        ("0.000002", True, 9, False),
        ("0.000001", True, 9, False),
        (None, True, 9, False),
        ("-1", True, 9, False),
    ],
)
def test_only_what_makes_a_prompt_cheaper_is_kept(cache_read: str | None, explicit: bool, cached: int, kept: bool):
    priced = dollars(1) if cache_read is None else dollars(1, input_cache_read=cache_read)
    target = planned(pools(text_model(), offer("alpha", 1, pricing=priced))).candidates[0].target
    talk = Conversation("c", explicit=explicit)
    assert worth_keeping(talk, target, prompt_tokens=9, cached_tokens=cached) is kept
