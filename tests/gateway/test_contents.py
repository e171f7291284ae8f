"""What calls say, kept for workspaces that want it (spec gateway 5.4, 6.5, case 94)."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any
from uuid import uuid4

import pytest

from tests.gateway.world import PLAIN, World
from tests.live.tenants import OWN, Key, Tenant, operator
from tests.live.wire import Reply
from tests.upstream.answers import completion, delta, hello, streamed, whole
from tests.upstream.scripted import Hang, Reset
from trunkline.server.usecases import accounts

SAID = [{"role": "user", "content": "Do you hear the nightingale?"}]


@pytest.fixture
def logging(world: World) -> Iterator[World]:
    """Return a world whose workspace keeps what calls say."""
    with settings(world, is_observability_io_logging_enabled=True):
        yield world


@contextmanager
def settings(world: World, **changes: Any) -> Iterator[None]:
    """Change the default workspace while the block lasts."""
    before = world.tenant.default_workspace()
    world.tenant.changed("PATCH", "/workspaces/default", changes)
    try:
        yield
    finally:
        world.tenant.changed("PATCH", "/workspaces/default", {name: before[name] for name in changes})


def content(world: World, reply: Any, key: str | None = None) -> Reply:
    path = f"/generation/content?id={reply.headers['x-generation-id']}"
    return world.site.get(path, authorization=f"Bearer {key or world.key}")


def data(world: World, reply: Any) -> Any:
    return content(world, reply).json()["data"]


def test_by_default_nothing_is_kept(world: World):
    world.alpha.then(*whole(completion()))
    assert content(world, world.chat()).error(404)["message"] == "Resource not found"


def test_what_a_whole_call_said_is_read_back(logging: World):
    logging.alpha.then(*whole(completion("No.", reasoning_content="Hm.")))
    reply = logging.chat(messages=SAID)
    expected = {"input": {"messages": SAID}, "output": {"completion": "No.", "reasoning": "Hm."}, "error": None}
    assert data(logging, reply) == expected


def test_what_a_stream_said_is_read_back(logging: World):
    logging.alpha.then(*hello())
    assert data(logging, logging.stream())["output"] == {"completion": "Hello", "reasoning": None}


def test_a_prompt_is_read_back_as_one(logging: World):
    logging.always(*whole(completion()))
    for prompt in ("Once", ["Once"]):
        reply = logging.post("/completions", {"model": "acme/m", "prompt": prompt})
        assert data(logging, reply)["input"] == {"prompt": "Once"}


def test_what_is_redacted_is_not_kept_and_what_is_blocked_not_at_all(logging: World):
    logging.alpha.then(*whole(completion()))
    key = logging.tenant.under(
        content_filter_builtins=[{"slug": "email", "action": "redact"}, {"slug": "ssn", "action": "block"}]
    )
    for text, kept in (("mail a@b.co", True), ("123-45-6789", False)):
        body = {**PLAIN, "messages": [{"role": "user", "content": text}]}
        reply = logging.post("/chat/completions", body, authorization=f"Bearer {key.text}")
        found = content(logging, reply, key.text)
        if kept:
            assert found.json()["data"]["input"]["messages"][0]["content"] == "mail [EMAIL]"
        else:
            found.error(404)


def test_how_a_call_failed_is_kept_with_what_it_said(logging: World):
    logging.always(*whole({"error": {"message": "boom"}}, 500))
    reply = logging.chat()
    error = data(logging, reply)["error"]
    assert (error["status"], error["message"]) == (503, reply.json()["error"]["message"])
    assert error["provider_name"] in {"Alpha", "Beta", "Gamma"}
    assert {each["provider_name"] for each in error["previous_errors"]} == {"Alpha", "Beta", "Gamma"}
    assert {each["code"] for each in error["previous_errors"]} == {502}
    logging.alpha.then(*streamed(delta(content="Hel"), end=b""), Reset())
    broken = logging.stream()
    kept = data(logging, broken)
    assert kept["output"]["completion"] == "Hel"
    assert kept["error"]["message"] == broken.chunks[-1]["error"]["message"]
    assert kept["error"]["previous_errors"] == []


def test_embeddings_are_not_kept(logging: World):
    data = [{"index": 0, "embedding": [0.5]}]
    logging.alpha.then(*whole({"object": "list", "data": data, "usage": {"prompt_tokens": 1, "total_tokens": 1}}))
    content(logging, logging.post("/embeddings", {"model": "acme/embed", "input": "x"})).error(404)


def test_an_answer_that_is_given_again_is_kept_for_each_call(logging: World):
    logging.alpha.then(*whole(completion("No.")))
    replies = [logging.chat(headers={"x_openrouter_cache": "true"}) for _ in range(2)]
    assert [data(logging, reply)["output"]["completion"] for reply in replies] == ["No.", "No."]


def test_what_another_account_said_is_not_found(logging: World):
    logging.alpha.then(*whole(completion()))
    reply = logging.chat()
    assert content(logging, reply).status == 200
    stranger = another_account(logging)
    for text in (stranger.management_key, stranger.key().text):
        content(logging, reply, text).error(404)


def another_account(world: World) -> Tenant:
    body, id_ = accounts.AccountCreate(name="Stranger"), str(uuid4())
    made = accounts.create(
        world.context.accounts, operator(id_), body, clock=world.clock, entropy=world.context.entropy
    )
    return Tenant(world.site, made.account.id, made.text)


def test_unknown_ids_and_callers_are_refused(logging: World):
    logging.alpha.then(*whole(completion()))
    reply = logging.chat()
    for id_ in ("gen-unknown", "%00", "x" * 5_000):
        logging.site.get(f"/generation/content?id={id_}", authorization=f"Bearer {logging.key}").error(404)
    logging.site.get("/generation/content", authorization=f"Bearer {logging.key}").error(400)
    logging.site.get(f"/generation/content?id={reply.headers['x-generation-id']}").error(401)


def test_in_an_organisation_others_read_it_only_as_administrators(logging: World):
    logging.always(*whole(completion()))
    reply = logging.chat()
    assert content(logging, reply).status == 200
    assert content(logging, reply, logging.tenant.management_key).status == 200
    stranger = logging.tenant.key()
    assert "administrators" in content(logging, reply, stranger.text).error(403)["message"]
    for role, status in (("org:member", 403), ("org:admin", 200)):
        key = made_by(logging, role)
        own = logging.post("/chat/completions", PLAIN, authorization=f"Bearer {key.text}")
        assert content(logging, reply, key.text).status == status
        assert content(logging, own, key.text).status == status


def made_by(world: World, role: str) -> Key:
    email = f"{role.removeprefix('org:')}@example.com"
    member = world.tenant.made(f"{OWN}/members", {"email": email, "role": role})["data"]["id"]
    return world.tenant.key(creator_user_id=member)


def test_only_a_share_of_calls_is_kept_where_a_workspace_samples(logging: World):
    logging.always(*whole(completion()))
    with settings(logging, io_logging_sampling_rate=0.25):
        logging.gateway.chance = lambda: 0.25
        content(logging, logging.chat()).error(404)
        logging.gateway.chance = lambda: 0.24
        assert content(logging, logging.chat()).status == 200


def test_a_workspace_that_names_keys_by_number_keeps_nothing(logging: World):
    logging.always(*whole(completion()))
    with settings(logging, io_logging_api_key_ids=[1]):
        content(logging, logging.chat()).error(404)


def test_the_database_holds_nothing_that_can_be_read(logging: World):
    logging.alpha.then(*whole(completion("A lark, rather.")))
    reply = logging.chat(messages=SAID)
    assert data(logging, reply)["output"]["completion"] == "A lark, rather."
    database = logging.gateway.contents._store._engine.url.database
    assert database is not None
    with closing(sqlite3.connect(database)) as connection:
        rows = connection.execute("SELECT * FROM contents WHERE id = ?", [reply.headers["x-generation-id"]]).fetchall()
    assert len(rows) == 1
    assert not any(word in json.dumps(rows) for word in ("nightingale", "lark"))


def test_what_is_too_old_is_dropped(logging: World):
    logging.alpha.then(*whole(completion()))
    reply = logging.chat()
    assert content(logging, reply).status == 200
    store = logging.gateway.contents._store
    assert not store.prune(logging.clock() + 89 * 86_400, 90)
    assert content(logging, reply).status == 200
    assert not store.prune(logging.clock() + 91 * 86_400, 90)
    content(logging, reply).error(404)


def test_what_a_caller_left_is_kept_as_far_as_it_was_heard(logging: World):
    pieces = [delta(content=text) for text in ("one ", "two ")]
    logging.alpha.then(*streamed(*pieces, end=b""), Hang())
    with logging.listening(stream=True) as reply:
        reply.begin()
        heard = b"".join(reply.readline() for _ in range(4))
    assert heard.count(b"data: ") == 2
    record = logging.record()
    assert record.cancelled
    kept = logging.site.get(f"/generation/content?id={record.id}", authorization=f"Bearer {logging.key}").json()
    assert kept["data"]["output"]["completion"] == "one two "
