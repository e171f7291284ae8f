"""A real model server: llama.cpp's, with a model of random weights, called through ours."""

from __future__ import annotations

import json
import math
import struct
import time
from base64 import b64decode
from collections.abc import Callable
from typing import Any

import pytest

from tests.clients.llama.conftest import Llama
from tests.live.gateways import Caller

LETTERS = {"grammar": "root ::= [a-z]+", "logit_bias": {"2": -100}, "temperature": 0, "seed": 7}
"""Random weights write letters, and do not stop by themselves. llama.cpp alone knows `grammar`."""
TOOL = {
    "type": "function",
    "function": {
        "name": "look",
        "parameters": {"type": "object", "properties": {"where": {"enum": ["here", "there"]}}, "required": ["where"]},
    },
}
SCHEMA = {
    "type": "object",
    "properties": {"ok": {"type": "boolean"}, "size": {"enum": ["s", "m"]}},
    "required": ["ok", "size"],
    "additionalProperties": False,
}


def eventually(holds: Callable[[], bool]) -> None:
    """Return when something holds; fail when it still does not after a long while."""
    deadline = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def record(caller: Caller, generation: str) -> dict[str, Any]:
    """Return what is told of a call, once it is told."""
    eventually(lambda: caller.get(f"/generation?id={generation}").status == 200)
    data: dict[str, Any] = caller.get(f"/generation?id={generation}").json()["data"]
    return data


def test_a_chat_is_answered_and_counted(caller: Caller):
    body = caller.chat("tiny/letters", max_tokens=20, **LETTERS).json()
    (choice,) = body["choices"]
    text = choice["message"]["content"]
    assert len(text) == 20
    assert text.isascii()
    assert text.islower()
    assert (body["model"], choice["finish_reason"]) == ("tiny/letters", "length")
    usage = body["usage"]
    assert usage["completion_tokens"] == 20
    assert usage["prompt_tokens"] > 0
    cost = usage["prompt_tokens"] * 1e-6 + 20 * 2e-6
    assert usage["cost"] == pytest.approx(cost)
    assert record(caller, body["id"])["tokens_completion"] == 20


def test_the_same_comes_streamed(caller: Caller):
    whole = caller.chat("tiny/letters", max_tokens=20, **LETTERS).json()
    chunks = caller.stream("tiny/letters", max_tokens=20, **LETTERS)
    pieces = [choice["delta"].get("content") or "" for chunk in chunks if chunk for choice in chunk["choices"]]
    assert "".join(pieces) == whole["choices"][0]["message"]["content"]
    assert len([piece for piece in pieces if piece]) > 5
    assert chunks[-1] == {}
    assert chunks[-2]["usage"]["completion_tokens"] == 20


def test_an_answer_follows_its_schema(caller: Caller):
    form = {"type": "json_schema", "json_schema": {"name": "a", "strict": True, "schema": SCHEMA}}
    body = caller.chat("tiny/letters", max_tokens=500, seed=3, response_format=form).json()
    said = json.loads(body["choices"][0]["message"]["content"])
    assert said.keys() == {"ok", "size"}
    assert body["choices"][0]["finish_reason"] == "stop"


def test_tools_reach_the_model_s_prompt(caller: Caller):
    def prompt_tokens(**more: Any) -> int:
        count: int = caller.chat("tiny/letters", max_tokens=1, **more).json()["usage"]["prompt_tokens"]
        return count

    assert prompt_tokens(tools=[TOOL]) > prompt_tokens() + len("look where here there")


def test_a_prompt_without_a_conversation_is_completed(caller: Caller):
    asked = {"model": "tiny/letters", "prompt": "abc", "max_tokens": 5, **LETTERS}
    body = caller.post("/completions", asked).json()
    assert body["object"] == "text_completion"
    assert len(body["choices"][0]["text"]) == 5


def test_texts_are_embedded(caller: Caller):
    def vectors(**more: Any) -> list[Any]:
        body = caller.post("/embeddings", {"model": "tiny/vectors", "input": ["abc", "xyz", "abc"], **more}).json()
        assert [row["index"] for row in body["data"]] == [0, 1, 2]
        assert body["usage"]["prompt_tokens"] > 0
        return [row["embedding"] for row in body["data"]]

    first, second, third = vectors()
    assert math.hypot(*first) == pytest.approx(1, abs=1e-3)
    assert first == pytest.approx(third, abs=1e-3)
    assert first != pytest.approx(second, abs=1e-2)
    packed = vectors(encoding_format="base64")[0]
    assert struct.unpack(f"<{len(first)}f", b64decode(packed)) == pytest.approx(first, abs=1e-3)


def test_a_caller_who_leaves_stops_the_model(caller: Caller, llama: Llama):
    messages = [{"role": "user", "content": "Hi"}]
    with caller.listening(model="tiny/letters", messages=messages, max_tokens=60_000, **LETTERS) as answer:
        generation = answer.headers["x-generation-id"]
        while b"content" not in answer.readline():
            pass
        assert llama.is_busy()
    eventually(lambda: not llama.is_busy())
    told = record(caller, generation)
    assert told["cancelled"] is True
    assert 0 < told["tokens_completion"] < 60_000
    assert told["usage"] > 0


def test_what_is_too_long_for_the_model_is_the_caller_s_mistake(caller: Caller):
    reply = caller.chat("tiny/letters", "x" * 70_000, max_tokens=1)
    assert reply.error(400)["metadata"]["error_type"] == "context_length_exceeded"
