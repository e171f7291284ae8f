"""Requests in Gemini's words, for tests of them."""

from __future__ import annotations

import json
from typing import Any

from tests.server.adapters.providers.conftest import attempt, endpoint
from trunkline.server.adapters.providers.dialects.dialect import Addressee, Encoded
from trunkline.server.adapters.providers.dialects.gemini_requests import encode
from trunkline.server.adapters.providers.quirks import NONE

GEMINI = endpoint("google/gemini", "google-ai-studio")


def encoded(body: dict[str, Any], model: str = "gemini-2.5-flash", to=GEMINI, **more: Any) -> Encoded:
    if "messages" not in body and "prompt" not in body and "input" not in body:
        body = {"messages": [{"role": "user", "content": "Hi"}], **body}
    return encode(attempt({"model": "google/gemini", **body}, to, **more), Addressee(model, "hash", NONE))


def said(body: dict[str, Any], model: str = "gemini-2.5-flash", to=GEMINI, **more: Any) -> dict[str, Any]:
    return json.loads(encoded(body, model, to, **more).body)


def turns(*messages: dict[str, Any], model: str = "gemini-2.5-flash") -> list[dict[str, Any]]:
    return said({"messages": list(messages)}, model)["contents"]


def config(body: dict[str, Any], model: str = "gemini-2.5-flash", **more: Any) -> dict[str, Any]:
    return said(body, model, **more).get("generationConfig", {})


def user(*parts: dict[str, Any]) -> dict[str, Any]:
    return {"role": "user", "content": list(parts)}


def call(name: str = "weather", arguments: str = '{"city": "Paris"}', number: int = 1) -> dict[str, Any]:
    return {"id": f"call_{number}", "type": "function", "function": {"name": name, "arguments": arguments}}


def result(text: Any, number: int = 1) -> dict[str, Any]:
    return {"role": "tool", "tool_call_id": f"call_{number}", "content": text}
