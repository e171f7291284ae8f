"""What an upstream's refusal means: the table of the specification, row by row, and hints of when to come back."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.server.adapters.providers.conftest import KEY, attempt, fault_of, target
from tests.upstream.answers import whole
from tests.upstream.scripted import Close, Hang, Send
from trunkline.server.adapters.providers import faults
from trunkline.server.domain.generation.fault import STATUS, Fault, FaultType

T = FaultType
NOW = 1_787_400_000.0  # Sat, 22 Aug 2026 12:00:00 GMT


def classified(status: int, body: Any = b"", **headers: str) -> Fault:
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    text = body if isinstance(body, bytes) else json.dumps(body).encode()
    return faults.classify(status, given.get, text, now=NOW)


def openai(message: str = "", code: str | None = None, kind: str = "invalid_request_error") -> dict[str, Any]:
    return {"error": {"message": message, "type": kind, "param": None, "code": code}}


# status, body -> type, next endpoint, counts against uptime; the next model may always follow
TABLE: list[tuple[int, Any, FaultType, bool, bool]] = [
    (500, b"", T.PROVIDER_UNAVAILABLE, True, True),
    (502, b"<html>", T.PROVIDER_UNAVAILABLE, True, True),
    (504, b"", T.TIMEOUT, True, True),
    (520, b"", T.PROVIDER_UNAVAILABLE, True, True),
    (500, openai("The server is overloaded", kind="server_error"), T.PROVIDER_OVERLOADED, True, True),
    (503, b"", T.PROVIDER_OVERLOADED, True, True),
    (529, {"type": "error", "error": {"type": "overloaded_error", "message": "x"}}, T.PROVIDER_OVERLOADED, True, True),
    (408, b"", T.TIMEOUT, True, True),
    (429, b"", T.RATE_LIMIT_EXCEEDED, True, False),
    (401, openai("bad key"), T.PROVIDER_UNAVAILABLE, True, True),
    (402, b"", T.PROVIDER_UNAVAILABLE, True, True),
    (404, openai("no such model", "model_not_found"), T.NOT_FOUND, True, True),
    (404, b"<html>nginx</html>", T.NOT_FOUND, True, True),
    (410, b"", T.NOT_FOUND, True, True),
    (403, openai("Country not supported", "unsupported_country_region_territory"), T.PERMISSION_DENIED, True, False),
    (451, b"", T.PERMISSION_DENIED, True, False),
    (301, b"", T.PROVIDER_UNAVAILABLE, True, True),
    (304, b"", T.PROVIDER_UNAVAILABLE, True, True),
    (
        400,
        openai("maximum context length is 8192 tokens", "context_length_exceeded"),
        T.CONTEXT_LENGTH_EXCEEDED,
        True,
        False,
    ),
    (400, openai("prompt is too long: 210000 tokens > 200000 maximum"), T.CONTEXT_LENGTH_EXCEEDED, True, False),
    (400, openai("max_tokens: 99999 > 8192, which is the maximum allowed"), T.CONTEXT_LENGTH_EXCEEDED, True, False),
    (400, openai("max_tokens is too large: 5000"), T.CONTEXT_LENGTH_EXCEEDED, True, False),
    (400, openai("This model's maximum context window is 4096"), T.CONTEXT_LENGTH_EXCEEDED, True, False),
    (422, openai("Input is too long for requested model"), T.CONTEXT_LENGTH_EXCEEDED, True, False),
    (400, openai("Unsupported parameter: 'temperature'", "unsupported_parameter"), T.INVALID_REQUEST, True, False),
    (400, openai("Unrecognized request argument supplied: foo"), T.INVALID_REQUEST, True, False),
    (
        422,
        {"detail": [{"type": "extra_forbidden", "msg": "x"}], "message": "extra_forbidden"},
        T.INVALID_REQUEST,
        True,
        False,
    ),
    (400, openai("This model does not support image input"), T.INVALID_REQUEST, True, False),
    (400, openai("Could not process image"), T.INVALID_IMAGE, True, False),
    (400, openai("bad", "invalid_image_format"), T.INVALID_IMAGE, True, False),
    (400, openai("image exceeds 5 MB maximum"), T.INVALID_IMAGE, True, False),
    (400, openai("messages must not be empty"), T.INVALID_REQUEST, False, False),
    (400, b"", T.INVALID_REQUEST, False, False),
    (422, {"detail": "nope"}, T.UNPROCESSABLE, False, False),
    (413, b"", T.PAYLOAD_TOO_LARGE, False, False),
    (400, openai("flagged", "content_filter"), T.CONTENT_POLICY_VIOLATION, True, False),
    (400, openai("rejected as a result of our safety system"), T.CONTENT_POLICY_VIOLATION, True, False),
    (403, openai("flagged", "content_policy_violation"), T.CONTENT_POLICY_VIOLATION, True, False),
    (400, openai("Your credit balance is too low to access the API"), T.PROVIDER_UNAVAILABLE, True, True),
    (
        400,
        {"error": {"message": "API key not valid.", "status": "INVALID_ARGUMENT"}},
        T.PROVIDER_UNAVAILABLE,
        True,
        True,
    ),
    (400, openai("The model `gpt-9` does not exist", "model_not_found"), T.NOT_FOUND, True, True),
    (418, b"", T.INVALID_REQUEST, False, False),
]


@pytest.mark.parametrize(("status", "body", "kind", "next_endpoint", "counts"), TABLE)
def test_the_table(status, body, kind, next_endpoint, counts):
    fault = classified(status, body)
    assert (fault.type, fault.next_endpoint, fault.next_model, fault.counts) == (kind, next_endpoint, True, counts)
    assert fault.status == status
    assert fault.larger_window_only is (kind is T.CONTEXT_LENGTH_EXCEEDED)
    assert fault.other_provider_only is (kind is T.CONTENT_POLICY_VIOLATION)
    assert fault.message


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry_after": "7"}, 7),
        ({"retry_after": "0.2"}, 1),
        ({"retry_after": "Sat, 22 Aug 2026 12:00:30 GMT"}, 30),
        ({"retry_after": "Sat, 22 Aug 2020 12:00:30 GMT"}, 0),
        ({"retry_after_ms": "1500", "retry_after": "9"}, 2),
        ({"retry_after": "99999999"}, 3600),
        ({"retry_after": "-5"}, 0),
        ({"retry_after": "soon"}, None),
        ({"retry_after": "nan"}, None),
        ({"x_ratelimit_reset_requests": "1m30.5s"}, 91),
        ({"x_ratelimit_reset_requests": "20ms"}, 1),
        ({"x_ratelimit_reset_requests": "2s", "x_ratelimit_reset_tokens": "6m0s"}, 360),
        (
            {
                "x_ratelimit_reset_requests": "2s",
                "x_ratelimit_remaining_requests": "0",
                "x_ratelimit_reset_tokens": "6m0s",
                "x_ratelimit_remaining_tokens": "50",
            },
            2,
        ),
        ({"x_ratelimit_reset_requests": "whenever"}, None),
        ({"x_ratelimit_reset_requests": "1" * 5000}, None),
    ],
)
def test_hints_of_when_to_come_back_are_whole_seconds(headers, seconds):
    assert classified(429, **headers).retry_after == seconds


def test_google_s_hint_is_in_the_body():
    details = [{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "34.07s"}]
    body = {"error": {"code": 429, "message": "quota", "status": "RESOURCE_EXHAUSTED", "details": details}}
    assert classified(429, body).retry_after == 35
    assert classified(429, [body]).retry_after == 35


def test_a_busy_server_s_hint_counts_but_reset_headers_are_about_limits():
    assert classified(503, retry_after="5").retry_after == 5
    assert classified(503, x_ratelimit_reset_requests="5s").retry_after is None


@pytest.mark.parametrize(
    ("error", "kind", "status"),
    [
        ({"error": {"code": 429}}, T.RATE_LIMIT_EXCEEDED, 429),
        ({"error": {"code": "429"}}, T.RATE_LIMIT_EXCEEDED, 429),
        ({"error": {"code": "rate_limit_exceeded"}}, T.RATE_LIMIT_EXCEEDED, 429),
        ({"error": {"type": "overloaded_error"}}, T.PROVIDER_OVERLOADED, 529),
        ({"error": {"type": "api_error"}}, T.PROVIDER_UNAVAILABLE, 500),
        ({"error": {"type": "timeout_error"}}, T.TIMEOUT, 504),
        ({"error": {"code": "context_length_exceeded", "message": "too long"}}, T.CONTEXT_LENGTH_EXCEEDED, 400),
        ({"error": {"type": "invalid_request_error", "message": "no"}}, T.INVALID_REQUEST, 400),
        ({"error": {"code": 200, "message": "odd"}}, T.PROVIDER_UNAVAILABLE, 502),
        ({"error": {}}, T.PROVIDER_UNAVAILABLE, 502),
        ("it broke", T.PROVIDER_UNAVAILABLE, 502),
        ({"error": True}, T.PROVIDER_UNAVAILABLE, 502),
        (None, T.PROVIDER_UNAVAILABLE, 502),
    ],
)
def test_errors_inside_answers_are_taken_for_the_status_that_they_name(error, kind, status):
    fault = faults.inside(error)
    assert (fault.type, fault.status) == (kind, status)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=6),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["error", "code", "type", "message", "status", "detail", "details", "retryDelay"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=10,
)


@given(st.integers(300, 599), json_values)
def test_no_error_body_is_too_odd_to_be_classified(status, body):
    for fault in (classified(status, body), faults.inside(body)):
        assert fault.type in STATUS
        assert fault.message
        assert fault.retry_after is None or 0 <= fault.retry_after <= 3600


@given(st.integers(300, 599), st.binary(max_size=60), st.text(max_size=20))
def test_no_bytes_and_no_header_are_too_odd_to_be_classified(status, body, header):
    fault = faults.classify(status, lambda name: header, body, now=NOW)
    assert fault.type in STATUS


def test_messages_of_other_errors_than_the_caller_s_are_ours():
    assert classified(500, openai("secret stack trace")).message == "The provider answered with status 500"
    assert "credential" in classified(401, openai("Incorrect API key provided: sk-ab***yz")).message
    assert classified(400, openai("messages: must\nnot be   empty")).message == "messages: must not be empty"


def test_no_message_repeats_a_credential_or_is_endless(answer):
    text = f"{'x' * 480} {KEY} {'y' * 5000}"
    fault = fault_of(answer(*whole(openai(text, code=KEY), 400)))
    assert KEY not in f"{fault.message}{fault.provider_code}"
    assert "sk-canary" not in fault.message
    assert len(fault.message) == 500
    inside = fault_of(answer(*whole(openai(text, kind="server_error"), 200)))
    assert KEY not in inside.message


def test_statuses_come_from_the_wire(answer):
    fault = fault_of(answer(*whole(openai("slow down"), 429, ("retry-after", "12"))))
    assert (fault.type, fault.status, fault.retry_after, fault.message) == (T.RATE_LIMIT_EXCEEDED, 429, 12, "slow down")


def test_a_redirect_is_not_followed(provider, answer):
    to = f"http://127.0.0.1:{provider.port}/elsewhere"
    for status in (301, 302, 303, 307, 308):
        before = len(provider.calls)
        fault = fault_of(answer(*whole(b"", status, ("location", to))))
        assert (fault.type, fault.status) == (T.PROVIDER_UNAVAILABLE, status)
        assert len(provider.calls) == before + 1


@pytest.mark.parametrize("last", [Close(), Hang()])
def test_an_error_whose_body_does_not_end_is_known_by_its_status(answer, last):
    from trunkline.server.adapters.providers.targets import Limits

    head = b"HTTP/1.1 429 Slow\r\ncontent-length: 999999\r\nretry-after: 3\r\n\r\n{"
    limits = Limits(connect=1, first_byte=0.3, first_byte_slow=0.3, idle=0.3)
    fault = fault_of(answer(Send(head), last, limits=limits))
    assert (fault.type, fault.retry_after) == (T.RATE_LIMIT_EXCEEDED, 3)


def test_an_error_s_body_is_read_no_further_than_it_is_of_use(answer):
    head = b"HTTP/1.1 400 No\r\ncontent-length: 100000000\r\n\r\n"
    fault = fault_of(answer(Send(head), *([Send(b"x" * 65536)] * 3), Hang()))
    assert fault.type is T.INVALID_REQUEST


def test_the_target_shows_no_secret():
    to = target("http://127.0.0.1:1/v1", headers=(("x-key", "hidden-value"),))
    assert KEY not in repr(to)
    assert "hidden-value" not in repr(to)
    assert set(to.secrets) == {KEY, "hidden-value"}
    assert attempt()
