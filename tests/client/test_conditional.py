"""Asking again costs a 304, and never shows one caller what another was given."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.client.conftest import QUICK, Call
from tests.client.rows import model, page
from tests.client.upstream import Answer, Asked, Upstream, answer
from tests.live.wire import Site
from trunkline import OpenRouter, errors
from trunkline.client.kept import KeptAnswers
from trunkline.errors import Headers, Request, Response


def tagged(asked: Asked) -> Answer:
    """Answer with a row named after the key, and with 304 to its tag."""
    name = asked.headers.get("authorization", "nobody").split()[-1]
    tag = f'"{name}{asked.query}"'
    if asked.headers.get("if-none-match") == tag:
        return Answer(304, headers={"etag": tag})
    return answer(page(model(f"acme/{name}")), etag=tag)


def test_the_kept_result_is_returned_on_304(upstream: Upstream, client: OpenRouter, call: Call):
    upstream.plays(tagged)
    first, second = call(client, "models.list"), call(client, "models.list")
    assert first == second
    assert [asked.headers.get("if-none-match") for asked in upstream.asked] == [None, '"sk-test"']


def test_a_changed_answer_replaces_the_kept_one(upstream: Upstream, client: OpenRouter, call: Call):
    upstream.plays(answer(page(model("a/one")), etag='"1"'), answer(page(model("a/two")), etag='"2"'), Answer(304))
    assert [call(client, "models.list").data[0].id for _ in range(3)] == ["a/one", "a/two", "a/two"]
    assert [asked.headers.get("if-none-match") for asked in upstream.asked] == [None, '"1"', '"2"']


def test_each_query_has_its_own_tag(upstream: Upstream, client: OpenRouter):
    upstream.plays(tagged)
    for arguments in ({}, {"sort": "newest"}, {}, {"sort": "newest"}):
        client.models.list(**arguments)  # type: ignore[arg-type]
    assert [asked.headers.get("if-none-match") for asked in upstream.asked] == [
        None,
        None,
        '"sk-test"',
        '"sk-testsort=newest"',
    ]


def test_two_keys_never_share_a_kept_answer(upstream: Upstream):
    keys = iter(["one", "two", "one", "two"])
    upstream.plays(tagged)
    with OpenRouter(api_key=lambda: next(keys), server_url=upstream.url, timeout_ms=QUICK) as client:
        shown = [client.models.list().data[0].id for _ in range(4)]
    assert shown == ["acme/one", "acme/two"] * 2
    assert [asked.headers.get("if-none-match") for asked in upstream.asked] == [None, None, '"one"', '"two"']


def test_what_a_caller_does_to_a_result_leaves_the_kept_one_as_it_was(upstream: Upstream, client: OpenRouter):
    upstream.plays(
        answer(page(model(extra={"list": [1]})), etag='"1"'),
        Answer(304),
    )
    first = client.models.list()
    first.data[0].supported_parameters.clear()
    first.data[0].model_extra["extra"]["list"].clear()
    first.data[0].extra["list"].clear()  # type: ignore[attr-defined]
    first.data[0].architecture.input_modalities.append("smell")
    first.model_dump()["data"].clear()
    first.data.clear()
    (again,) = client.models.list().data
    assert again.supported_parameters == ["temperature", "tools"]
    assert again.architecture.input_modalities == ["text"]
    assert again.model_extra == {"extra": {"list": [1]}}


def test_it_can_be_switched_off(upstream: Upstream, call: Call):
    upstream.plays(tagged)
    with OpenRouter(server_url=upstream.url, conditional_requests=False, timeout_ms=QUICK) as client:
        call(client, "models.list")
        call(client, "models.list")
    assert not any("if-none-match" in asked.headers for asked in upstream.asked)


@pytest.mark.parametrize("header", ["If-None-Match", "Cache-Control"])
def test_a_caller_who_sends_caching_headers_is_left_alone(upstream: Upstream, client: OpenRouter, header: str):
    upstream.plays(answer(page(model()), etag='"1"'))
    for _ in range(2):
        client.models.list(http_headers={header: '"mine"'})
    assert [asked.headers.get("if-none-match") for asked in upstream.asked] == [
        '"mine"' if header == "If-None-Match" else None
    ] * 2


def test_a_304_that_nobody_asked_for_is_an_unexpected_response(upstream: Upstream, client: OpenRouter, call: Call):
    upstream.plays(Answer(304))
    with pytest.raises(errors.OpenRouterDefaultError, match="Unexpected response received: Status 304"):
        call(client, "models.list")


def test_an_error_leaves_the_kept_answer_in_place(upstream: Upstream, client: OpenRouter):
    upstream.plays(answer(page(model()), etag='"1"'), answer({}, 500), Answer(304))
    assert client.models.list().data
    with pytest.raises(errors.OpenRouterError):
        client.models.list()
    assert client.models.list().data


def test_what_is_kept_is_bounded_and_the_least_used_goes_first():
    kept = KeptAnswers(bound=100)

    def put(name: str, size: int) -> Request:
        request = Request("GET", f"http://h/{name}", ())
        kept.put(request, Response(200, Headers([("etag", name)]), b"x" * size, request), {"name": name})
        return request

    one, two = put("one", 40), put("two", 40)
    assert kept.get(one)
    three = put("three", 40)
    assert [bool(kept.get(request)) for request in (one, two, three)] == [True, False, True]
    huge = put("huge", 101)
    assert [bool(kept.get(request)) for request in (one, three, huge)] == [True, True, False]


def test_polling_a_live_server_sends_the_list_once(bundled: Site, call: Call):
    class Sizes:
        seen: list[Any] = []  # noqa: RUF012

        def debug(self, msg: str, *args: object) -> None:
            if len(args) == 3:
                self.seen.append(args[1:])

    log = Sizes()
    log.seen = []
    with OpenRouter(server_url=bundled.url, debug_logger=log) as client:
        first, second = call(client, "models.list"), call(client, "models.list")
    assert first == second
    assert len(json.dumps(first.model_dump())) > 100_000
    assert [status for status, _ in log.seen] == [200, 304]
    assert log.seen[1][1] == 0
