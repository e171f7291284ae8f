"""What becomes of an answer: a result, or an error that says what happened and to which request."""

from __future__ import annotations

import json
import pickle
from typing import Any

import pytest

from tests.client.conftest import Call
from tests.client.rows import endpoint, model, page
from tests.client.upstream import Answer, Upstream, answer, failure
from trunkline import OpenRouter, errors

DOCUMENTED = {
    "models.get": {404: "NotFoundResponseError", 500: "InternalServerResponseError"},
    "models.list": {400: "BadRequestResponseError", 500: "InternalServerResponseError"},
    "models.count": {400: "BadRequestResponseError", 500: "InternalServerResponseError"},
    "models.list_for_user": {
        401: "UnauthorizedResponseError",
        404: "NotFoundResponseError",
        500: "InternalServerResponseError",
    },
    "endpoints.list": {404: "NotFoundResponseError", 500: "InternalServerResponseError"},
    "endpoints.list_zdr_endpoints": {500: "InternalServerResponseError"},
    "providers.list": {500: "InternalServerResponseError"},
    "embeddings.list_models": {400: "BadRequestResponseError", 500: "InternalServerResponseError"},
}
"""The errors of each operation, as the API's documentation lists them; any other status is the default error."""
ARGUMENTS: dict[str, dict[str, Any]] = {
    "models.get": {"author": "acme", "slug": "one"},
    "endpoints.list": {"author": "acme", "slug": "one"},
    "models.list_for_user": {"security": {"bearer": "k"}},
}
LATER = {403: errors.ForbiddenResponseError, 503: errors.ServiceUnavailableResponseError}
STATUSES = (400, 401, 402, 403, 404, 405, 409, 418, 422, 429, 500, 501, 502, 503, 524, 529)


@pytest.mark.parametrize(
    ("operation", "status", "name"),
    [(operation, status, name) for operation, named in DOCUMENTED.items() for status, name in named.items()],
)
def test_each_documented_error_has_its_class_and_all_its_parts(
    upstream: Upstream, client: OpenRouter, call: Call, operation: str, status: int, name: str
):
    body = {"error": {"code": status, "message": "So it is.", "metadata": {"more": [1]}}, "user_id": "u", "else": 1}
    upstream.plays(answer(body, status, x_trace="7"))
    with pytest.raises(errors.OpenRouterError) as raised:
        call(client, operation, **ARGUMENTS.get(operation, {}))
    error: Any = raised.value
    assert type(error) is getattr(errors, name)
    assert (error.status_code, error.message, str(error)) == (status, "So it is.", "So it is.")
    assert (error.headers["X-Trace"], json.loads(error.body)) == ("7", body)
    assert (error.data.error.code, error.data.error.message) == (status, "So it is.")
    assert (error.data.error.metadata, error.data.user_id) == ({"more": [1]}, "u")
    assert error.raw_response.status_code == status
    assert error.request.url == f"{upstream.url}{upstream.asked[0].target.removeprefix('/api/v1')}"


@pytest.mark.parametrize("operation", DOCUMENTED)
def test_every_other_status_is_the_default_error(upstream: Upstream, client: OpenRouter, operation: str):
    for status in set(STATUSES) - DOCUMENTED[operation].keys():
        upstream.plays(failure(status, "No."))
        with pytest.raises(errors.OpenRouterDefaultError) as raised:
            getattr(client, operation.partition(".")[0]).__getattribute__(operation.partition(".")[2])(
                **ARGUMENTS.get(operation, {})
            )
        assert raised.value.status_code == status
        assert str(status) in repr(raised.value)
        if type(raised.value) is not errors.OpenRouterDefaultError:
            assert type(raised.value) is LATER[status]


def test_the_default_error_tells_status_content_type_and_body(upstream: Upstream, client: OpenRouter, call: Call):
    upstream.plays(Answer(418, b"<h1>teapot</h1>", {"content-type": "text/html"}))
    with pytest.raises(errors.OpenRouterDefaultError) as raised:
        call(client, "models.list")
    assert str(raised.value) == "API error occurred: Status 418 Content-Type text/html. Body: <h1>teapot</h1>"


def test_a_long_body_is_cut_in_the_message_alone(upstream: Upstream, client: OpenRouter):
    upstream.plays(Answer(502, b"x" * 30_000, {"content-type": "text/plain"}))
    with pytest.raises(errors.OpenRouterDefaultError) as raised:
        client.models.list()
    assert len(str(raised.value)) < 10_200
    assert "20000 more" in str(raised.value)
    assert len(raised.value.body) == 30_000


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"null", b'{"error": "no"}', b'{"error": {"message": "no"}}', b'{"error": {"code": "x"}}'],
)
def test_an_error_that_is_not_in_the_apis_shape_is_the_default_error(
    upstream: Upstream, client: OpenRouter, body: bytes
):
    upstream.plays(Answer(500, body, {"content-type": "application/json"}))
    with pytest.raises(errors.OpenRouterDefaultError) as raised:
        client.models.list()
    assert (raised.value.status_code, raised.value.body) == (500, body.decode())


@pytest.mark.parametrize(
    ("body", "finding"),
    [
        (b"", "truncated"),
        (b"<html>", "malformed"),
        (b"[" * 100_000, "recursion"),
        (b"[]", "object"),
        (b"{}", "data"),
        (b'{"data": null}', "data"),
        (b'{"data": [1]}', r"data\[0\]"),
        (json.dumps(page(model(), {"id": "acme/two"})).encode(), r"missing required field .* data\[1\]|data\[1\]"),
        (json.dumps(page(model(pricing={"prompt": 1, "completion": "2"}))).encode(), r"data\[0\]\.pricing\.prompt"),
        (json.dumps(page(model(id=None))).encode(), r"data\[0\]\.id"),
        (json.dumps(page(model(created="today"))).encode(), r"data\[0\]\.created"),
    ],
)
def test_a_body_that_is_not_what_the_operation_answers_says_so(
    upstream: Upstream, client: OpenRouter, call: Call, body: bytes, finding: str
):
    upstream.plays(Answer(200, body, {"content-type": "application/json"}))
    with pytest.raises(errors.ResponseValidationError, match=rf"(?i){finding}") as raised:
        call(client, "models.list", sort="newest")
    assert f"GET {upstream.url}/models?sort=newest" in str(raised.value)
    assert raised.value.status_code == 200
    assert raised.value.body == body.decode()
    assert isinstance(raised.value.cause, (ValueError, RecursionError))


@pytest.mark.parametrize("kind", ["text/html", "application/rss+xml", ""])
def test_a_success_that_is_not_json_is_an_unexpected_response(upstream: Upstream, client: OpenRouter, kind: str):
    upstream.plays(Answer(200, b'{"data": []}', {"content-type": kind}))
    with pytest.raises(errors.OpenRouterDefaultError, match="Unexpected response received: Status 200"):
        client.models.list()


@pytest.mark.parametrize("kind", ["application/json; charset=utf-8", "Application/JSON"])
def test_json_is_known_by_its_type_alone(upstream: Upstream, client: OpenRouter, kind: str):
    upstream.plays(Answer(200, b'{"data": []}', {"content-type": kind}))
    assert client.models.list().data == []


def test_unknown_fields_and_words_never_raise_and_are_kept(upstream: Upstream, client: OpenRouter, call: Call):
    row = model(
        architecture={"modality": "x->y", "input_modalities": ["smell"], "output_modalities": [], "tokenizer": "New"},
        supported_parameters=["levitate"],
        novelty={"deep": [{"er": 1}]},
    )
    upstream.plays(answer({**page(row), "more": True}))
    listed = call(client, "models.list")
    (shown,) = listed.data
    assert (shown.architecture.tokenizer, shown.architecture.input_modalities) == ("New", ["smell"])
    assert (shown.supported_parameters, shown.novelty) == (["levitate"], {"deep": [{"er": 1}]})
    assert (shown.model_extra, listed.model_extra) == ({"novelty": {"deep": [{"er": 1}]}}, {"more": True})
    assert shown.model_dump() == row


def test_null_is_taken_wherever_a_field_may_be_absent(upstream: Upstream, client: OpenRouter):
    upstream.plays(answer(page(model(description=None, reasoning=None, benchmarks=None, hugging_face_id=None))))
    (shown,) = client.models.list().data
    assert (shown.description, shown.reasoning, shown.hugging_face_id) == (None, None, None)


def test_endpoints_of_both_ages_are_read(upstream: Upstream, client: OpenRouter, call: Call):
    later = endpoint(
        native_tools={"openrouter:web_search": {"type": "google_search"}},
        service_tier="priority",
        supports_tool_choice={"auto": True, "none": True, "required": False, "function": False},
        perf_last_30m_by_workload={"stt": {"latency": None, "throughput": None, "request_count": 3}},
        status=-2,
    )
    upstream.plays(answer({"data": [endpoint(), later]}))
    old, new = call(client, "endpoints.list_zdr_endpoints").data
    assert (old.native_tools, old.status, old.latency_last_30m.p75) == (None, None, 2.5)
    assert new.native_tools["openrouter:web_search"].type == "google_search"
    assert new.perf_last_30m_by_workload["stt"].request_count == 3
    assert (new.supports_tool_choice.auto, new.status) == (True, -2)


def test_every_error_survives_pickling(upstream: Upstream, client: OpenRouter):
    scripts = [failure(404), failure(400), failure(503), Answer(200, b"{", {"content-type": "application/json"})]
    for script in [*scripts, Answer(drop=True)]:
        upstream.plays(script)
        with pytest.raises(errors.OpenRouterError) as raised:
            client.models.list()
        again = pickle.loads(pickle.dumps(raised.value))
        assert (type(again), str(again), again.status_code, again.body) == (
            type(raised.value),
            str(raised.value),
            raised.value.status_code,
            raised.value.body,
        )


def test_wrong_parameters_are_named_below_the_message(bundled: Any):
    with OpenRouter(server_url=bundled.url) as client, pytest.raises(errors.BadRequestResponseError) as raised:
        client.models.list(category="gardening", context=-1)
    assert [note.partition(":")[0] for note in raised.value.__notes__] == ["category", "context"]
