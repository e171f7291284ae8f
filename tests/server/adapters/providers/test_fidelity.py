"""What an OpenAI-compatible provider gets of a request: the caller's own JSON, but for the fields named here."""

from __future__ import annotations

import hashlib
import json
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.server.adapters.providers.conftest import attempt, endpoint, sent, target
from tests.upstream.answers import completion, hello, whole
from trunkline.server.adapters.providers.dialects.dialect import Addressee
from trunkline.server.adapters.providers.dialects.openai_requests import PARAMETERS, ROUTER_FIELDS, encode
from trunkline.server.adapters.providers.quirks import NONE, QUIRKS, Quirk
from trunkline.server.domain.generation.request import Surface

HI = [{"role": "user", "content": "Hi"}]


def written(
    body: dict[str, Any] | bytes, to=None, quirk: Quirk = NONE, *, completions: bool = False, **more: Any
) -> bytes:
    return encode(attempt(body, to or endpoint(), **more), Addressee("up", "hash", quirk, completions)).body


def said(body: dict[str, Any] | bytes, to=None, quirk: Quirk = NONE, **more: Any) -> dict[str, Any]:
    return json.loads(written(body, to, quirk, **more))


def exact(text: bytes) -> Any:
    """Return JSON with the order of its keys and the text of its numbers in it."""

    class Number(str):
        __slots__ = ()

    return json.loads(text, object_pairs_hook=list, parse_int=Number, parse_float=Number)


# Numbers as people write them, which a float would not keep.
numbers = st.one_of(
    st.integers().map(str),
    st.decimals(allow_nan=False, allow_infinity=False).map(str),
    st.sampled_from(["1.0", "1.50", "-0", "1e5", "1E+2", "0.1000", "123456789012345678901234567890", "1e-400"]),
)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
raw_texts = texts.map(lambda text: json.dumps(text, ensure_ascii=False)) | texts.map(json.dumps)
values = st.recursive(
    st.sampled_from(["null", "true", "false"]) | numbers | raw_texts,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4).map(lambda items: "[" + " , ".join(items) + "]"),
        st.lists(st.tuples(raw_texts, inner), max_size=4, unique_by=lambda pair: json.loads(pair[0])).map(
            lambda pairs: "{ " + ",".join(f"{name}: {value}" for name, value in pairs) + "}"
        ),
    ),
    max_leaves=12,
)
NOT_AS_WRITTEN = ROUTER_FIELDS | {"model", "prompt", "cache_control"}
known = st.sampled_from(
    ["messages", "stream", "temperature", "tools", "stop", "seed", "top_k", "response_format", "logit_bias"]
)
names = (texts | known | st.sampled_from(sorted(ROUTER_FIELDS))).filter(
    lambda name: name not in {"prompt", "cache_control"}
)
bodies = st.lists(st.tuples(names, values), max_size=8, unique_by=lambda pair: pair[0])


@given(bodies)
def test_every_field_arrives_with_its_order_and_the_text_of_its_numbers(pairs):
    stream = ("stream", "true") in pairs
    body = "{" + ",".join(f"{json.dumps(name)} :{value}" for name, value in [("model", '"acme/m"'), *pairs]) + "}"
    arrived = exact(written(body.encode()))
    expected = [(name, exact(value.encode())) for name, value in pairs if name not in NOT_AS_WRITTEN]
    tail = [("stream_options", [("include_usage", True)])] if stream else []
    assert arrived == [("model", "up"), *expected, *tail, ("user", "hash")]


def test_model_keeps_its_place_and_is_added_where_a_list_stood_for_it():
    assert list(said({"messages": HI, "model": "acme/m", "temperature": 1})) == [
        "messages",
        "model",
        "temperature",
        "user",
    ]
    assert list(said({"models": ["a/b"], "messages": HI})) == ["model", "messages", "user"]


@pytest.mark.parametrize("name", sorted(ROUTER_FIELDS - {"user", "stream_options"}))
def test_the_router_s_own_fields_stay_here(name):
    assert name not in said({"messages": HI, name: "x"})


def test_the_caller_is_a_hash_that_differs_by_account_and_user_and_never_shows_them(provider):
    provider.always(*whole(completion()))
    body = {"messages": HI, "user": "u1"}
    made = [
        attempt(body, user="u1"),
        attempt(body, user="u1"),
        attempt(body, user="u2"),
        attempt(body, user="u1", account="account-2"),
        attempt({"messages": HI}),
    ]
    sent(*made, to=target(provider.url))
    users = [json.loads(call.body)["user"] for call in provider.calls]
    assert users[0] == users[1] == hashlib.sha256(b"secret\0account-1\0u1").hexdigest()
    assert len(set(users)) == 4


@pytest.mark.parametrize("name", sorted(PARAMETERS))
def test_a_parameter_that_the_endpoint_does_not_declare_is_left_out(name):
    value = {"effort": "low"} if name == "reasoning" else 1
    assert name not in said({"messages": HI, name: value}, endpoint(supported_parameters=["max_tokens"]))
    assert name in said({"messages": HI, name: value}, endpoint(supported_parameters=["max_tokens", name]))
    assert name in said({"messages": HI, name: value}, endpoint(supported_parameters=[]))


def test_a_limit_of_tokens_is_never_left_out():
    body = said({"messages": HI, "max_tokens": 5, "max_completion_tokens": 6}, endpoint(supported_parameters=["tools"]))
    assert (body["max_tokens"], body["max_completion_tokens"]) == (6, 6)
    body = said({"messages": HI, "max_tokens": 5, "max_completion_tokens": None}, endpoint())
    assert (body["max_tokens"], body["max_completion_tokens"]) == (5, 5)


def test_what_is_absent_is_not_made_up():
    assert said({"messages": HI}) == {"model": "up", "messages": HI, "user": "hash"}


def test_changes_take_the_place_of_what_the_caller_wrote():
    body = written(
        {"messages": HI, "tools": [], "max_tokens": 9},
        changes={"tools": None, "max_tokens": msgspec.Raw(b"7"), "extra": msgspec.Raw(b"1.0")},
    )
    assert (
        body
        == b'{"model":"up","messages":[{"role": "user", "content": "Hi"}],"max_tokens":7,"extra":1.0,"user":"hash"}'
    )


def test_usage_is_asked_for_on_streams_whatever_the_caller_says():
    body = {"messages": HI, "stream": True, "stream_options": {"include_usage": False}}
    assert said(body)["stream_options"] == {"include_usage": True}
    assert "stream_options" not in said(body | {"stream": False})


def test_options_of_the_serving_provider_alone_are_added_and_override_nothing():
    options = {
        "alpha": {"temperature": 9, "repetition": 2, "model": "evil", "user": "evil", "stream": True},
        "beta": {"x": 1},
    }
    body = said({"messages": HI, "temperature": 1}, preferences={"options": options})
    assert body == {"model": "up", "messages": HI, "temperature": 1, "user": "hash", "repetition": 2}


def test_openai_s_reasoning_models_get_their_own_words():
    to = endpoint("openai/o", "openai", supported_parameters=["reasoning", "max_tokens", "temperature"])
    body = {
        "messages": HI,
        "max_tokens": 5,
        "reasoning": {"effort": "high", "exclude": True},
        "include_reasoning": True,
    }
    assert said(body, to, QUIRKS["openai"]) == {
        "messages": HI, "model": "up", "max_completion_tokens": 5, "reasoning_effort": "high", "user": "hash",
    }  # fmt: skip
    assert said({"messages": HI, "max_tokens": 5}, endpoint("openai/g", "openai"), QUIRKS["openai"])["max_tokens"] == 5


@pytest.mark.parametrize(
    ("reasoning", "effort"),
    [
        ({"effort": "low"}, "low"),
        ({"enabled": True}, "medium"),
        ({"enabled": False}, "none"),
        ({}, None),
        ({"max_tokens": 9}, None),
    ],
)
def test_the_reasoning_object_becomes_an_effort_where_a_quirk_says_so(reasoning, effort):
    assert said({"messages": HI, "reasoning": reasoning}, quirk=Quirk(effort=True)).get("reasoning_effort") == effort
    assert said({"messages": HI, "reasoning": reasoning})["reasoning"] == reasoning


def test_a_quirk_drops_and_renames_fields():
    body = said({"messages": HI, "seed": 5, "stream": True, "user": "x"}, quirk=QUIRKS["mistral"])
    assert body == {"messages": HI, "random_seed": 5, "stream": True, "model": "up"}


def test_a_tier_s_endpoint_is_asked_for_its_tier():
    to = endpoint("openai/g", "openai", service_tier="flex")
    assert said({"messages": HI, "service_tier": "auto"}, to, QUIRKS["openai"])["service_tier"] == "flex"
    assert "service_tier" not in said({"messages": HI, "service_tier": "flex"}, endpoint(), QUIRKS["openai"])


def test_cache_breakpoints_go_only_to_those_who_know_them():
    mark = {"type": "ephemeral"}
    body = b"""{"messages": [{"content": [{"n": 1.0, "cache_control": {"type": "ephemeral"}, "text": "a"}, "b"],
        "role": "user"}, 3], "tools": [{"type": "function", "cache_control": {}, "function": {"x": 1e2}}],
        "cache_control": {"type": "ephemeral"}}"""
    assert written(body) == (
        b'{"model":"up","messages":[{"content":[{"n":1.0,"text":"a"},"b"],"role":"user"},3],'
        b'"tools":[{"type":"function","function":{"x": 1e2}}],"user":"hash"}'
    )
    for to, quirk in ((endpoint("anthropic/claude"), NONE), (endpoint(), QUIRKS["openrouter"])):
        kept = said(body, to, quirk)
        assert (kept["cache_control"], kept["messages"][0]["content"][0]["cache_control"]) == (mark, mark)


def test_a_bare_prompt_becomes_a_message_where_only_conversations_are_served(provider):
    provider.always(*whole(completion()))
    body = {"model": "acme/m", "prompt": "Once", "max_tokens": 5, "logprobs": 3, "echo": True}
    made = attempt(body, surface=Surface.COMPLETIONS)
    sent(made, to=target(provider.url))
    sent(made, to=target(provider.url, completions=True))
    chat, plain = provider.calls
    assert (chat.path, plain.path) == ("/v1/chat/completions", "/v1/completions")
    user = json.loads(chat.body)["user"]
    assert json.loads(chat.body) == {
        "model": "m-upstream", "messages": [{"role": "user", "content": "Once"}], "max_tokens": 5, "logprobs": True,
        "top_logprobs": 3, "user": user,
    }  # fmt: skip
    assert json.loads(plain.body) == {**body, "model": "m-upstream", "user": user}


def test_embeddings_go_to_their_own_path_with_their_own_fields(provider):
    provider.always(*whole({"data": [{"embedding": [0.1], "index": 0}]}))
    body = {
        "model": "acme/m",
        "input": ["a"],
        "dimensions": 3,
        "encoding_format": "float",
        "provider": {},
        "session_id": "s",
    }
    sent(attempt(body, surface=Surface.EMBEDDINGS), to=target(provider.url))
    (call,) = provider.calls
    arrived = json.loads(call.body)
    assert call.path == "/v1/embeddings"
    assert arrived == {
        "model": "m-upstream", "input": ["a"], "dimensions": 3, "encoding_format": "float", "user": arrived["user"],
    }  # fmt: skip


def test_what_is_shown_as_sent_is_what_was_sent(provider):
    from trunkline.server.adapters.providers.targets import Targets
    from trunkline.server.adapters.providers.upstreams import Upstreams

    provider.then(*hello())
    made = attempt(user="u")
    sent(made, to=target(provider.url))
    assert Upstreams(Targets([target(provider.url)]), b"secret").body(made) == provider.calls[0].body


def test_a_large_body_arrives_whole(provider):
    provider.then(*whole(completion()))
    content = "ü" * 3_000_000
    sent(attempt({"messages": [{"role": "user", "content": content}]}), to=target(provider.url))
    assert json.loads(provider.calls[0].body)["messages"][0]["content"] == content


def test_numbers_that_a_float_cannot_hold_arrive():
    assert json.loads(written(b'{"x": 0.1234567890123456789012}'), parse_float=Decimal)["x"] == Decimal(
        "0.1234567890123456789012"
    )
