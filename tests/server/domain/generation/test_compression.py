"""A conversation is shortened from its middle outwards, and whatever stays is what it was."""

from __future__ import annotations

import json
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from trunkline.server.domain.generation.compression import GAP, Compressed, compressed
from trunkline.server.domain.generation.estimate import message_tokens

TEXT = "t" * 400
"""A hundred tokens."""


def said(role: str, content: Any = TEXT, **more: Any) -> dict[str, Any]:
    return {"role": role, "content": content, **more}


def shorter(messages: list[dict[str, Any]], excess: int, most: int | None = None) -> Compressed | None:
    return compressed(msgspec.Raw(json.dumps(messages).encode()), excess, most)


def kept(messages: list[dict[str, Any]], excess: int, most: int | None = None) -> list[dict[str, Any]]:
    made = shorter(messages, excess, most)
    assert made is not None
    read: list[dict[str, Any]] = json.loads(bytes(made.messages))
    return read


def test_messages_go_from_the_middle_outwards():
    talk = [said("user" if at % 2 == 0 else "assistant", f"{at} {TEXT}") for at in range(9)]
    first = [message["content"].split()[0] for message in kept(talk, 100)]
    assert first == ["0", "1", "2", "3", "5", "6", "7", "8"]
    assert [message["content"].split()[0] for message in kept(talk, 300)] == ["0", "1", "2", "6", "7", "8"]


def test_instructions_the_last_question_and_the_last_message_stay():
    talk = [said("system"), said("user"), said("developer"), said("user", "last"), said("assistant", "prefill")]
    made = kept(talk, 10_000)
    assert [message["role"] for message in made] == ["system", "developer", "user", "assistant"]
    assert made[0]["content"] == made[1]["content"] == TEXT


def test_a_call_goes_with_its_results():
    call = said("assistant", None, tool_calls=[{"id": "a", "type": "function", "function": {"name": "f"}}])
    talk = [said("user"), call, said("tool", tool_call_id="a"), said("tool", tool_call_id="a"), said("user", "last")]
    assert [message["role"] for message in kept(talk, 200)] == ["user", "user"]


def test_a_long_text_loses_its_middle_rather_than_all_of_it():
    talk = [said("user", "a"), said("assistant", "x" * 4000 + "y" * 4000), said("user", "b")]
    made = shorter(talk, 500)
    assert made is not None
    assert (made.removed, made.shortened) == (0, 1)
    text = json.loads(bytes(made.messages))[1]["content"]
    before, _, after = text.partition(GAP)
    assert set(before) == {"x"}
    assert set(after) == {"y"}
    assert abs(len(before) - len(after)) <= 1
    assert 5900 < len(text) <= 6000


def test_a_question_that_is_too_long_by_itself_loses_its_middle_too():
    parts = [{"type": "text", "text": "x" * 8000}, {"type": "image_url", "image_url": {"url": "u"}}]
    made = kept([said("system", "s" * 40_000), said("user", parts)], 1000)
    assert made[0]["content"] == "s" * 40_000
    assert made[1]["content"][1] == parts[1]
    assert 3900 < len(made[1]["content"][0]["text"]) <= 4000


def test_what_stays_is_what_was_written():
    first, last = b'{"role": "user", "n": 1.50, "content": "a"}', b'{"content":"z",   "role":"user"}'
    middle = b'{"role": "assistant", "content": "%b"}' % TEXT.encode()
    made = compressed(msgspec.Raw(b"[ %b , %b, %b ]" % (first, middle, last)), 90)
    assert made is not None
    assert bytes(made.messages) == b"[%b,%b]" % (first, last)


def test_what_cannot_be_shortened_stays():
    assert shorter([said("user", "short")], 100) is None
    assert shorter([said("user")], 0) is None
    assert compressed(msgspec.Raw(b'"no list"'), 10) is None
    assert compressed(msgspec.Raw(b"[1]"), 10) is None


ROLES = st.sampled_from(["system", "developer", "user", "assistant", "tool"])
MESSAGES = st.lists(
    st.builds(said, ROLES, st.one_of(st.none(), st.integers(0, 3000).map(lambda count: "z" * count))), max_size=12
)


@given(MESSAGES, st.integers(0, 4000), st.one_of(st.none(), st.integers(1, 12)))
def test_nothing_is_lost_but_what_had_to_go(messages: list[dict[str, Any]], excess: int, most: int | None):
    made = shorter(messages, excess, most)
    if made is None:
        return
    read = json.loads(bytes(made.messages))
    assert len(read) == len(messages) - made.removed
    assert [one for one in read if one["role"] in {"system", "developer"}] == [
        one for one in messages if one["role"] in {"system", "developer"}
    ]
    # What is left is in order, and each either as it was or shorter by its middle.
    rest = iter(messages)
    for one in read:
        assert any(
            one == other or (one["role"] == other["role"] and isinstance(one["content"], str) and GAP in one["content"])
            for other in rest
        )
    assert messages[-1]["role"] == read[-1]["role"]
    before, after = (sum(message_tokens(message) for message in listed) for listed in (messages, read))
    assert after < before
    # No more goes than the last piece that had to; whole messages only when their share was still to save.
    if made.removed == 0 and made.shortened == 1:
        assert before - after <= excess + 2


@given(MESSAGES, st.integers(1, 4000))
def test_results_never_come_without_their_call(messages: list[dict[str, Any]], excess: int):
    made = shorter(messages, excess)
    if made is None:
        return

    def heads(listed: list[dict[str, Any]]) -> list[tuple[str, int]]:
        found: list[tuple[str, int]] = []
        for one in listed:
            if one["role"] == "tool" and found:
                found[-1] = (found[-1][0], found[-1][1] + 1)
            else:
                found.append((one["role"], 0))
        return found

    whole = iter(heads(messages))
    assert all(group in whole for group in heads(json.loads(bytes(made.messages))))
