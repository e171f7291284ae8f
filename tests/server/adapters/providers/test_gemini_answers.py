"""Gemini's answers on the way back: streams and whole answers as the events of an OpenAI-shaped one."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.server.adapters.providers.conftest import attempt, endpoint, fault_of, sent, target, text_of
from tests.upstream.answers import END, STREAM_HEAD, chunked, event, streamed, whole
from tests.upstream.scripted import Close, Reset, Send
from trunkline.server.adapters.providers.dialects.dialect import Addressee
from trunkline.server.adapters.providers.dialects.gemini_requests import encode
from trunkline.server.adapters.providers.quirks import NONE
from trunkline.server.domain.generation.delta import Delta, Failed, Finished, Started, Used, Vector
from trunkline.server.domain.generation.fault import FaultType
from trunkline.server.domain.generation.request import Surface
from trunkline.server.domain.generation.usage import Usage

MADE = {"format": "google-gemini-v1", "id": None}
COUNTS = {"promptTokenCount": 8, "candidatesTokenCount": 2, "totalTokenCount": 10}


def answer_of(*parts: dict[str, Any], finish: str | None = None, usage: Any = None, **more: Any) -> dict[str, Any]:
    candidate: dict[str, Any] = {"index": 0, **more}
    if parts:
        candidate["content"] = {"role": "model", "parts": list(parts)}
    if finish is not None:
        candidate["finishReason"] = finish
    said = {"responseId": "resp_1", "modelVersion": "gemini-x", "candidates": [candidate]}
    return said if usage is None else said | {"usageMetadata": usage}


def calls_of(events: list[Any]) -> list[dict[str, Any]]:
    return [call for one in events if isinstance(one, Delta) for call in one.tool_calls or ()]


@pytest.fixture
def gemini(answer):
    """Return a function that has the provider play a script to a request."""

    def play(*steps: Any, stream: bool = True) -> list[Any]:
        made = attempt({"messages": [{"role": "user", "content": "Hi"}], "stream": stream}, endpoint())
        return answer(*steps, made=made, dialect="gemini")

    return play


@pytest.fixture
def said(gemini):
    """Return a function that has the provider say parts, streamed or whole, and returns the events."""

    def play(*parts: dict[str, Any], stream: bool = False, finish: str = "STOP", **more: Any) -> list[Any]:
        body = answer_of(*parts, finish=finish, usage=COUNTS, **more)
        return gemini(*(streamed(event(body)) if stream else whole(body)), stream=stream)

    return play


def test_a_stream_becomes_events(gemini):
    events = gemini(
        *streamed(
            event(answer_of({"text": "Hm", "thought": True}, usage={"promptTokenCount": 8})),
            event(answer_of({"text": ".", "thought": True})),
            event(answer_of({"text": "Grü"})),
            event(answer_of({"text": "ße", "thoughtSignature": "c2ln"})),
            event(
                answer_of(
                    finish="STOP",
                    usage={"candidatesTokenCount": 2, "thoughtsTokenCount": 5, "cachedContentTokenCount": 3},
                )
            ),
        )
    )
    assert events == [
        Started(upstream_id="resp_1", model="gemini-x"),
        Delta(reasoning="Hm", reasoning_details=[{"type": "reasoning.text", "text": "Hm", "index": 0, **MADE}]),
        Delta(reasoning=".", reasoning_details=[{"type": "reasoning.text", "text": ".", "index": 0, **MADE}]),
        Delta(content="Grü"),
        Delta(content="ße"),
        Delta(reasoning_details=[{"type": "reasoning.encrypted", "data": "c2ln", "index": 1, **MADE}]),
        Finished(reason="stop", native="STOP"),
        Used(usage=Usage(prompt_tokens=8, completion_tokens=7, cached_tokens=3, reasoning_tokens=5)),
    ]


def test_a_whole_answer_says_the_same_as_the_stream_of_it(said):
    parts = (
        {"text": "Hm.", "thought": True},
        {"text": "Look"},
        {"functionCall": {"name": "f", "args": {"a": [1, "ü"]}}, "thoughtSignature": "c2ln"},
        {"functionCall": {"id": "own", "name": "g", "args": {}}},
        {"inlineData": {"mimeType": "image/png", "data": "AAAA"}, "thoughtSignature": "aW1n"},
    )
    events = said(*parts)
    assert events == said(*parts, stream=True)
    first, second = calls_of(events)
    assert first == {
        "index": 0,
        "id": first["id"],
        "type": "function",
        "function": {"name": "f", "arguments": '{"a":[1,"ü"]}'},
    }
    assert first["id"].startswith("call_")
    assert len(first["id"]) == 29
    assert second == {"index": 1, "id": "own", "type": "function", "function": {"name": "g", "arguments": "{}"}}
    details = [detail for one in events if isinstance(one, Delta) for detail in one.reasoning_details or ()]
    assert [(detail["type"], detail["id"], detail["index"]) for detail in details] == [
        ("reasoning.text", None, 0),
        ("reasoning.encrypted", first["id"], 1),
        ("reasoning.encrypted", "image-0", 2),
    ]
    (image,) = [one for one in events if isinstance(one, Delta) and one.images]
    assert image.images == [{"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}]
    assert Finished(reason="tool_calls", native="STOP") in events


def test_parallel_calls_without_ids_have_different_ones_over_a_whole_stream(gemini):
    call = {"functionCall": {"name": "f", "args": {}}}
    events = gemini(*streamed(event(answer_of(call)), event(answer_of(call)), event(answer_of(call, finish="STOP"))))
    calls = calls_of(events)
    assert [one["index"] for one in calls] == [0, 1, 2]
    assert len({one["id"] for one in calls}) == 3


def test_what_came_with_calls_goes_back_with_them(said):
    """Spec gateway 8.5, cases 100 and 102."""
    events = said(
        {"functionCall": {"name": "f", "args": {}}, "thoughtSignature": "c2ln"},
        {"functionCall": {"name": "g", "args": {}}},
    )
    calls = calls_of(events)
    details = [detail for one in events if isinstance(one, Delta) for detail in one.reasoning_details or ()]
    history = [
        {"role": "user", "content": "?"},
        {"role": "assistant", "content": None, "tool_calls": calls, "reasoning_details": details},
        {"role": "tool", "tool_call_id": calls[1]["id"], "content": "of g"},
        {"role": "tool", "tool_call_id": calls[0]["id"], "content": "of f"},
    ]
    body = json.loads(encode(attempt({"messages": history}), Addressee("gemini-3-pro", "u", NONE)).body)
    asked, answered = body["contents"][1]["parts"], body["contents"][2]["parts"]
    assert [part.get("thoughtSignature") for part in asked] == ["c2ln", None]
    assert [part["functionCall"]["name"] for part in asked] == ["f", "g"]
    assert [part["functionResponse"]["response"]["output"] for part in answered] == ["of f", "of g"]


@pytest.mark.parametrize(
    ("native", "reason"),
    [
        ("STOP", "stop"),
        ("MAX_TOKENS", "length"),
        ("CONTINUATION", "length"),
        ("SAFETY", "content_filter"),
        ("RECITATION", "content_filter"),
        ("PROHIBITED_CONTENT", "content_filter"),
        ("SOMETHING_NEW", "stop"),
    ],
)
def test_finish_reasons_after_text(said, native, reason):
    events = said({"text": "Hi"}, finish=native)
    assert Finished(reason=reason, native=native) in events


@pytest.mark.parametrize("native", ["OTHER", "MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL", "MALFORMED_RESPONSE"])
def test_what_went_wrong_while_writing_is_a_fault(said, native):
    assert fault_of(said(finish=native)).type is FaultType.PROVIDER_UNAVAILABLE


@pytest.mark.parametrize("native", ["SAFETY", "RECITATION", "BLOCKLIST", "SPII", "IMAGE_SAFETY"])
def test_an_answer_that_was_kept_back_is_a_violation(said, native):
    fault = fault_of(said(finish=native))
    assert (fault.type, fault.provider_code, fault.other_provider_only, fault.counts) == (
        FaultType.CONTENT_POLICY_VIOLATION,
        native,
        True,
        False,
    )


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("feedback", [{"blockReason": "SAFETY"}, {"blockReason": "OTHER", "safetyRatings": []}])
def test_a_prompt_that_is_refused_has_no_candidates(gemini, stream, feedback):
    body = {"promptFeedback": feedback, "usageMetadata": {"promptTokenCount": 8, "totalTokenCount": 8}}
    fault = fault_of(gemini(*(streamed(event(body)) if stream else whole(body)), stream=stream))
    assert (fault.type, fault.provider_code) == (FaultType.CONTENT_POLICY_VIOLATION, feedback["blockReason"])


def test_usage_is_told_by_kind(gemini):
    counts = {
        "promptTokenCount": 100,
        "cachedContentTokenCount": 40,
        "toolUsePromptTokenCount": 7,
        "candidatesTokenCount": 20,
        "thoughtsTokenCount": 30,
        "totalTokenCount": 157,
        "promptTokensDetails": [
            {"modality": "TEXT", "tokenCount": 50},
            {"modality": "AUDIO", "tokenCount": 30},
            {"modality": "IMAGE", "tokenCount": 20},
        ],
        "cacheTokensDetails": [{"modality": "AUDIO", "tokenCount": 10}, {"modality": "TEXT", "tokenCount": 30}],
        "candidatesTokensDetails": [{"modality": "IMAGE", "tokenCount": 15}, {"modality": "AUDIO", "tokenCount": 5}],
    }
    body = answer_of({"text": "Hi"}, finish="STOP", usage=counts)
    used = gemini(*whole(body), stream=False)[-1]
    assert used.usage == Usage(
        prompt_tokens=107,
        completion_tokens=50,
        cached_tokens=40,
        audio_tokens=30,
        cached_audio_tokens=10,
        image_tokens=20,
        reasoning_tokens=30,
        audio_output_tokens=5,
        image_output_tokens=15,
    )


@pytest.mark.parametrize(("model", "searches"), [("gemini-2.5-pro", 1), ("gemini-3-pro", 2)])
def test_pages_that_an_answer_rests_on_are_cited_and_searches_counted_as_they_are_billed(gemini, model, searches):
    grounding = {
        "webSearchQueries": ["a", "b", "a"],
        "groundingChunks": [{"web": {"uri": "https://x.example", "title": "X"}}, {"maps": {}}],
    }
    body = answer_of({"text": "Hi"}, finish="STOP", usage=COUNTS, groundingMetadata=grounding)
    events = gemini(*whole(body | {"modelVersion": model}), stream=False)
    (cited,) = [one.annotations for one in events if isinstance(one, Delta) and one.annotations]
    assert [(note["type"], note["url_citation"]["url"]) for note in cited] == [("url_citation", "https://x.example")]
    assert events[-1].usage.searches == searches


def test_sounds_code_and_log_probabilities_are_read(said):
    events = said(
        {"inlineData": {"mimeType": "audio/L16;codec=pcm;rate=24000", "data": "UENN"}},
        {"executableCode": {"language": "PYTHON", "code": "print(1)"}},
        {"codeExecutionResult": {"outcome": "OUTCOME_OK", "output": "1"}},
        {"inlineData": {"mimeType": "image/png", "data": "AAAA"}, "thought": True},
        logprobsResult={
            "chosenCandidates": [{"token": "ü", "logProbability": -0.5}],
            "topCandidates": [{"candidates": [{"token": "u", "logProbability": -1.5}]}],
        },
    )
    assert [one.audio for one in events if isinstance(one, Delta) and one.audio] == [{"data": "UENN"}]
    assert text_of(events) == "\n```python\nprint(1)\n```\n\n```\n1\n```\n"
    assert not [one for one in events if isinstance(one, Delta) and one.images]
    (probabilities,) = [json.loads(bytes(one.logprobs)) for one in events if isinstance(one, Delta) and one.logprobs]
    assert probabilities == {
        "content": [
            {
                "token": "ü",
                "logprob": -0.5,
                "bytes": [195, 188],
                "top_logprobs": [{"token": "u", "logprob": -1.5, "bytes": [117]}],
            }
        ]
    }


@pytest.mark.parametrize(
    "data", [b"nonsense", b"[]", b"{}", b'{"candidates": 1, "x": ', b'{"choices": []}', b'"text"', b"\xff"]
)
def test_what_is_not_gemini_s_is_garbage(gemini, data):
    for steps, stream in ((streamed(b"data: " + data + b"\n\n"), True), (whole(data), False)):
        assert fault_of(gemini(*steps, stream=stream)).type is FaultType.PROVIDER_UNAVAILABLE


@pytest.mark.parametrize(
    "body",
    [
        {"candidates": [{"content": {"parts": "x"}, "finishReason": "STOP"}]},
        {"candidates": [{"content": None, "finishReason": "STOP"}]},
        {"candidates": [{"content": {"parts": [1, {"functionCall": 1}, {"inlineData": {}}]}, "finishReason": "STOP"}]},
        {"candidates": [{"finishReason": "STOP", "groundingMetadata": {"groundingChunks": [1]}, "logprobsResult": 1}]},
        {"candidates": ["x"], "usageMetadata": {"promptTokenCount": "many"}},
    ],
)
def test_shapes_that_nobody_expects_raise_nothing(gemini, body):
    events = gemini(*whole(body), stream=False)
    assert isinstance(events[-1], Used | Failed)


ERROR = {
    "error": {
        "code": 429,
        "message": "Quota exceeded",
        "status": "RESOURCE_EXHAUSTED",
        "details": [
            {"@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": []},
            {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "34.07482s"},
        ],
    }
}


@pytest.mark.parametrize("status", [429, 200])
@pytest.mark.parametrize("body", [ERROR, [ERROR]])
def test_errors_are_told_by_google_s_words_and_hint_when_to_come_back(gemini, status, body):
    if status == 200 and isinstance(body, list):
        body = ERROR
    fault = fault_of(gemini(*whole(body, status), stream=False))
    assert (fault.type, fault.retry_after, fault.provider_code) == (
        FaultType.RATE_LIMIT_EXCEEDED,
        35,
        "RESOURCE_EXHAUSTED",
    )


@pytest.mark.parametrize(
    ("code", "status", "message", "kind"),
    [
        (400, "INVALID_ARGUMENT", "API key not valid. Please pass a valid API key.", FaultType.PROVIDER_UNAVAILABLE),
        (400, "FAILED_PRECONDITION", "User location is not supported for the API use.", FaultType.INVALID_REQUEST),
        (
            400,
            "INVALID_ARGUMENT",
            "The input token count (3475108) exceeds the maximum number of tokens allowed (1048576).",
            FaultType.CONTEXT_LENGTH_EXCEEDED,
        ),
        (403, "PERMISSION_DENIED", "Permission denied", FaultType.PERMISSION_DENIED),
        (404, "NOT_FOUND", "models/x is not found for API version v1beta", FaultType.NOT_FOUND),
        (500, "INTERNAL", "An internal error has occurred.", FaultType.PROVIDER_UNAVAILABLE),
        (503, "UNAVAILABLE", "The model is overloaded. Please try again later.", FaultType.PROVIDER_OVERLOADED),
        (504, "DEADLINE_EXCEEDED", "Deadline expired", FaultType.TIMEOUT),
    ],
)
def test_google_s_errors_are_told_apart(gemini, code, status, message, kind):
    fault = fault_of(gemini(*whole({"error": {"code": code, "message": message, "status": status}}, code)))
    assert (fault.type, fault.status, fault.provider_code) == (kind, code, status)


def test_an_answer_that_says_nothing_yet_is_passed_over(gemini):
    bare = {"responseId": "resp_1", "modelVersion": "gemini-x"}
    events = gemini(*streamed(event(bare), event(answer_of({"text": "Hi"}, finish="STOP", usage=COUNTS)), event(bare)))
    assert text_of(events) == "Hi"
    assert isinstance(events[-1], Used)


def test_an_error_inside_a_stream_ends_it(gemini):
    events = gemini(*streamed(event(answer_of({"text": "Hi"})), event(ERROR)))
    assert text_of(events) == "Hi"
    assert fault_of(events).type is FaultType.RATE_LIMIT_EXCEEDED


@pytest.mark.parametrize("cut", [Close(), Reset()])
def test_a_stream_without_a_finish_reason_is_cut(gemini, cut):
    events = gemini(Send(STREAM_HEAD + chunked(event(answer_of({"text": "Hi"})))), cut)
    assert fault_of(events).type is FaultType.PROVIDER_UNAVAILABLE
    events = gemini(*streamed(event(answer_of({"text": "Hi"}))))
    assert fault_of(events).type is FaultType.PROVIDER_UNAVAILABLE


def test_the_end_of_the_body_ends_the_stream_and_the_connection_serves_again(provider):
    body = event(answer_of({"text": "Hi"}, finish="STOP", usage=COUNTS))
    for _ in range(2):
        provider.then(Send(STREAM_HEAD), Send(chunked(body)), Send(END))
    first, second = sent(attempt(), attempt(), to=target(provider.url, dialect="gemini"))
    assert first == second
    assert isinstance(first[-1], Used)
    assert provider.connections == 1


def test_embeddings_keep_their_order_and_the_text_of_their_numbers(provider):
    provider.then(
        *whole(b'{"embeddings":[{"values":[0.10, 1e-3]},{"values":[2]}],"usageMetadata":{"promptTokenCount":4}}')
    )
    provider.then(*whole({"embeddings": [{"values": [1]}]}))
    made = attempt({"input": ["a", "b"]}, surface=Surface.EMBEDDINGS)
    first, second = sent(made, made, to=target(provider.url, dialect="gemini"))
    assert [(one.index, bytes(one.embedding)) for one in first if isinstance(one, Vector)] == [
        (0, b"[0.10, 1e-3]"),
        (1, b"[2]"),
    ]
    assert first[-1].usage == Usage(prompt_tokens=4)
    assert second[-1].usage.estimated
    assert second[-1].usage.prompt_tokens > 0


@pytest.mark.parametrize("body", [{}, {"embeddings": []}, {"embeddings": [{"values": "x"}]}, {"embeddings": [{}]}])
def test_embeddings_that_are_none_are_garbage(provider, body):
    provider.then(*whole(body)).then(*whole(ERROR))
    made = attempt({"input": "a"}, surface=Surface.EMBEDDINGS)
    first, second = sent(made, made, to=target(provider.url, dialect="gemini"))
    assert fault_of(first).type is FaultType.PROVIDER_UNAVAILABLE
    assert fault_of(second).type is FaultType.RATE_LIMIT_EXCEEDED
