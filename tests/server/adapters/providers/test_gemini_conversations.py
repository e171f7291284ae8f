"""Gemini on the way out: what a conversation becomes, with its pictures, calls and signatures."""

from __future__ import annotations

from base64 import b64encode

import pytest

from tests.server.adapters.providers.conftest import attempt, fault_of, sent, target
from tests.server.adapters.providers.gemini import call, encoded, result, said, turns, user
from trunkline.server.adapters.providers.dialects.dialect import NotExpressible
from trunkline.server.domain.generation.fault import FaultType

SIGNED = {"type": "reasoning.encrypted", "format": "google-gemini-v1", "index": 0}
SKIP = b64encode(b"skip_thought_signature_validator").decode()


def test_instructions_go_apart_and_roles_alternate_with_results_in_the_order_of_their_calls_before_text():
    body = said(
        {
            "messages": [
                {"role": "system", "content": [{"type": "text", "text": "Be brief.", "cache_control": {}}]},
                {"role": "developer", "content": "Be kind."},
                {"role": "user", "content": "Hello."},
                {"role": "user", "content": "Weather?", "name": "Ann"},
                {
                    "role": "assistant",
                    "content": "Let me see.",
                    "tool_calls": [call(), call("time", "", number=2)],
                },
                result("12:00", 2),
                result('{"sun": 1.50}'),
                {"role": "user", "content": "Well?"},
                {"role": "developer", "content": "Quick."},
            ]
        }
    )
    assert body["systemInstruction"] == {"parts": [{"text": "Be brief."}, {"text": "Be kind."}]}
    assert body["contents"] == [
        {"role": "user", "parts": [{"text": "Hello."}, {"text": "Ann: Weather?"}]},
        {
            "role": "model",
            "parts": [
                {"text": "Let me see."},
                {"functionCall": {"id": "call_1", "name": "weather", "args": {"city": "Paris"}}},
                {"functionCall": {"id": "call_2", "name": "time", "args": {}}},
            ],
        },
        {
            "role": "user",
            "parts": [
                {"functionResponse": {"id": "call_1", "name": "weather", "response": {"sun": 1.5}}},
                {"functionResponse": {"id": "call_2", "name": "time", "response": {"output": "12:00"}}},
                {"text": "Well?"},
                {"text": "Quick."},
            ],
        },
    ]


def test_arguments_keep_the_text_of_their_numbers():
    history = {"role": "assistant", "content": None, "tool_calls": [call(arguments='{"n": 1.50, "m": 1e400}')]}
    made = encoded({"messages": [{"role": "user", "content": "Hi"}, history]}).body
    assert b'{"n":1.50,"m":1e400}' in made


def test_instructions_alone_become_what_the_user_says():
    body = said({"messages": [{"role": "system", "content": "Be."}]})
    assert body == {"contents": [{"role": "user", "parts": [{"text": "Be."}]}]}


def test_an_answer_s_beginning_stays_last():
    assert turns({"role": "user", "content": "Count"}, {"role": "assistant", "content": "1, "})[-1] == {
        "role": "model",
        "parts": [{"text": "1, "}],
    }


def test_results_with_pictures_or_references_are_wrapped():
    image = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}
    asked = {"role": "assistant", "tool_calls": [call()]}
    (*_, last) = turns({"role": "user", "content": "?"}, asked, result([{"type": "text", "text": "Look"}, image]))
    assert last["parts"][0]["functionResponse"] == {
        "id": "call_1",
        "name": "weather",
        "response": {"output": "Look"},
        "parts": [{"inlineData": {"mimeType": "image/png", "data": "AAAA"}}],
    }
    text = '{"$ref": "#/x"}'
    (*_, last) = turns({"role": "user", "content": "?"}, asked, result(text))
    assert last["parts"][0]["functionResponse"]["response"] == {"output": text}


@pytest.mark.parametrize(
    ("part", "made"),
    [
        (
            {"type": "image_url", "image_url": {"url": "data:image/jpg;base64,QUJD"}},
            {"inlineData": {"mimeType": "image/jpeg", "data": "QUJD"}},
        ),
        (
            {"type": "image_url", "image_url": "https://x.example/a.webp?size=1"},
            {"fileData": {"fileUri": "https://x.example/a.webp?size=1", "mimeType": "image/webp"}},
        ),
        (
            {"type": "video_url", "video_url": {"url": "https://www.youtube.com/watch?v=1"}},
            {"fileData": {"fileUri": "https://www.youtube.com/watch?v=1"}},
        ),
        (
            {"type": "input_audio", "input_audio": {"data": "QUJD", "format": "wav"}},
            {"inlineData": {"mimeType": "audio/wav", "data": "QUJD"}},
        ),
        (
            {"type": "file", "file": {"filename": "a.pdf", "file_data": "data:application/pdf;base64,QUJD"}},
            {"inlineData": {"mimeType": "application/pdf", "data": "QUJD"}},
        ),
        (
            {"type": "file", "file": {"file_id": "https://generativelanguage.googleapis.com/v1beta/files/1"}},
            {"fileData": {"fileUri": "https://generativelanguage.googleapis.com/v1beta/files/1"}},
        ),
    ],
)
def test_what_is_no_text_goes_inside_or_by_its_address(part, made):
    assert turns(user({"type": "text", "text": "See"}, part))[0]["parts"] == [{"text": "See"}, made]


@pytest.mark.parametrize(
    "part",
    [
        {"type": "image_url", "image_url": {"url": "file:///etc/passwd"}},
        {"type": "image_url", "image_url": {"url": "data:image/png,raw"}},
        {"type": "image_url"},
        {"type": "input_audio", "input_audio": {"data": "AAAA", "format": "pcm24"}},
        {"type": "hologram"},
    ],
)
def test_what_gemini_has_no_word_for_is_refused_and_the_next_endpoint_may_try(part, provider):
    with pytest.raises(NotExpressible):
        turns(user(part))
    (events,) = sent(attempt({"messages": [user(part)]}), to=target(provider.url, dialect="gemini"))
    fault = fault_of(events)
    assert (fault.type, fault.next_endpoint, provider.calls) == (FaultType.INVALID_REQUEST, True, [])


@pytest.mark.parametrize(
    "messages",
    [
        ["text"],
        [{"role": "assistant", "tool_calls": ["x"]}],
        [{"role": "assistant", "tool_calls": [call(arguments="[1]")]}],
        [{"role": "tool", "tool_call_id": "unknown", "content": "x"}],
    ],
)
def test_conversations_that_cannot_be_said_are_refused(messages):
    with pytest.raises(NotExpressible):
        said({"messages": messages})


def test_signatures_return_to_the_parts_that_they_came_with():
    details = [
        {"type": "reasoning.text", "text": "Hm", "format": "google-gemini-v1", "index": 0},
        {**SIGNED, "data": "c2ln", "id": "call_1"},
        {**SIGNED, "data": "dGV4dA==", "id": None},
        {**SIGNED, "data": "aW1n", "id": "image-0"},
        {**SIGNED, "data": "other", "id": "call_2", "format": "anthropic-claude-v1"},
    ]
    image = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}
    said_ = {
        "role": "assistant",
        "content": "So",
        "images": [image],
        "tool_calls": [call(), call(number=2)],
        "reasoning_details": details,
    }
    parts = turns({"role": "user", "content": "?"}, said_, model="gemini-3-pro")[1]["parts"]
    assert [part.get("thoughtSignature") for part in parts] == ["dGV4dA==", "aW1n", "c2ln", None]


@pytest.mark.parametrize(("model", "signature"), [("gemini-2.5-pro", None), ("gemini-3-pro", SKIP)])
def test_calls_that_no_gemini_made_say_so_where_signatures_are_demanded(model, signature):
    asked = {"role": "assistant", "tool_calls": [call(), call(number=2)]}
    parts = turns({"role": "user", "content": "?"}, asked, model=model)[1]["parts"]
    assert [part.get("thoughtSignature") for part in parts] == [signature, None]
