"""Every failure leaves in the one envelope, says what is wrong, and never shows an inside of the server."""

from __future__ import annotations

import json

import pytest

from tests.live.wire import API, Site
from trunkline.server.domain.catalog.query import MODEL_LIST
from trunkline.server.domain.catalog.vocabulary import CATEGORIES, INPUT_MODALITIES, OUTPUT_MODALITIES

LIMIT = 1024 * 1024
"""The largest body that a server takes unless it is told otherwise."""

OPERATIONS = (
    f"{API}/models",
    f"{API}/models/count",
    f"{API}/model/openai/gpt-4",
    f"{API}/models/openai/gpt-4/endpoints",
    f"{API}/endpoints/zdr",
    f"{API}/embeddings/models",
    f"{API}/providers",
    f"{API}/openapi.json",
    "/healthz",
    "/readyz",
    "/docs",
)


def test_these_are_all_operations_that_only_read_and_ask_for_no_key(site: Site):
    paths = site.get("/openapi.json").json()["paths"]
    reading = [path for path, methods in paths.items() if list(methods) == ["get"] and "security" not in methods["get"]]
    reading.remove("/metrics")  # asks for a key from elsewhere, and is not there without a provider
    assert {path.replace("{author}", "openai").replace("{slug}", "gpt-4") for path in reading} == set(OPERATIONS)


@pytest.mark.parametrize("path", OPERATIONS)
def test_a_method_that_an_operation_lacks_is_405_with_the_methods_it_has(site: Site, path: str):
    for method in ("POST", "PUT", "PATCH", "DELETE", "TRACE", "PROPFIND"):
        for body in (None, b"{}", b"\x00" * 5000):
            reply = site.ask(method, f"/{path}", body, content_type="application/json")
            assert reply.error(405)["message"] == "Method not allowed"
            assert reply.headers["allow"] == "GET, HEAD, OPTIONS"


@pytest.mark.parametrize("path", OPERATIONS)
def test_options_tells_browsers_that_reading_is_free_for_all(site: Site, path: str):
    reply = site.ask("OPTIONS", f"/{path}", origin="https://elsewhere.example", access_control_request_method="GET")
    assert (reply.status, reply.body) == (204, b"")
    assert reply.headers.keys().isdisjoint(("content-length", "content-type", "transfer-encoding"))
    assert reply.headers["access-control-allow-origin"] == "*"
    assert reply.headers["access-control-allow-methods"] == "GET, HEAD, OPTIONS"
    assert reply.headers["access-control-allow-headers"] == "*"


@pytest.mark.parametrize("path", OPERATIONS)
def test_head_is_get_without_the_body(site: Site, path: str):
    for coding in ("identity", "gzip", "br"):
        get, head = (site.ask(method, f"/{path}", accept_encoding=coding) for method in ("GET", "HEAD"))
        assert (head.status, head.body) == (200, b"")
        without_date = [{**reply.headers, "date": ""} for reply in (get, head)]
        assert without_date[0] == without_date[1]


@pytest.mark.parametrize("path", OPERATIONS)
def test_one_trailing_slash_does_not_count_and_is_not_redirected(site: Site, path: str):
    assert site.get(f"/{path}/").body == site.get(f"/{path}").body
    assert site.get(f"/{path}/").status == 200
    site.get(f"/{path}//").error(404)


def test_head_of_a_failure_has_its_status_and_no_body(site: Site):
    for path, status in (("/nothing", 404), ("/models?limit=x", 400)):
        reply = site.ask("HEAD", path)
        assert (reply.status, reply.body) == (status, b"")


@pytest.mark.parametrize(
    "target",
    [
        "/nothing",
        "/api",
        "/api/v1",
        "/api/v1/",
        "/api/v2/models",
        "/models/openai",
        "/API/V1/MODELS",
        "/api/v1/Models",
        "/api/v1//models",
        "//api/v1/models",
        "/api/v1/models//",
        "/api/v1/../v1/models",
        "/api/v1/%2e/models",
        "/api/v1/model",
        "/api/v1/model/",
        "/api/v1/model/openai",
        "/api/v1/model/openai/",
        "/api/v1/model//gpt-4",
        "/api/v1/model///",
        "/api/v1/model/openai/gpt-4/endpoints",
        "/api/v1/model/openai%2Fgpt-4",
        "/api/v1/model/openai%2fgpt-4/",
        "/api/v1/model/openai/gpt-4%2F",
        "/api/v1/model/openai/gpt%2D4%2Fx",
        "/api/v1/model/openai/gpt-4%00",
        "/api/v1/model/%00/%00",
        "/api/v1/model/openai/gpt-4%20",
        "/api/v1/model/openai/gpt-4%0A",
        "/api/v1/model/openai/gpt-4%",
        "/api/v1/model/openai/gpt-4%zz",
        "/api/v1/model/openai/%ff%fe",
        "/api/v1/model/openai/%c3%28",
        "/api/v1/model/openai/gpt-4:free:extended",
        "/api/v1/model/openai/gpt-4:nitro:nitro",
        "/api/v1/model/openai/gpt-4::nitro",
        "/api/v1/model/openai/:nitro",
        "/api/v1/model/openai/gpt%252D4",
        "/api/v1/model/acme/staged-1",
        "/api/v1/models/acme/staged-1/endpoints",
        "/api/v1/models/openai/gpt-4",
        "/api/v1/models/openai/gpt-4/Endpoints",
        "/api/v1/models/openai//endpoints",
        "/api/v1/models/count/extra",
        "/api/v1/model/~openai/gpt-4",
        "/api/v1/%ff",
        "*",
    ],
)
def test_what_does_not_exist_is_404(site: Site, target: str):
    assert site.line(target.encode()).error(404) == {"code": 404, "message": "Resource not found"}


@pytest.mark.parametrize(
    "target",
    [
        "/api/v1/model/openai/gpt%2D4",
        "/api/v1/%6dodel/openai/gpt-4",
        "/api/v1/model/OpenAI/GPT-4",
        "/api/v1/model/openai/gpt-4/",
        "/api/v1/model/openai/gpt-4?whatever=%zz",
        "/api/v1/model/openai/gpt-4%3Anitro",
    ],
)
def test_a_path_is_decoded_once_and_its_case_does_not_matter(site: Site, target: str):
    assert site.line(target.encode()).json() == site.get("/model/openai/gpt-4").json()


@pytest.mark.parametrize("length", [200, 8_000, 60_000])
@pytest.mark.parametrize("start", ["/api/v1/", "/api/v1/model/openai/", "/api/v1/model/openai/gpt-4:", "/"])
def test_an_absurdly_long_path_is_an_ordinary_404(site: Site, start: str, length: int):
    for filler in (b"a", b"/", b"%41", b":a"):
        site.line((start.encode() + filler * length)[:length]).error(404)


@pytest.mark.parametrize("parameter", [row.name for row in MODEL_LIST])
def test_an_absurdly_long_query_is_answered_in_the_envelope(site: Site, parameter: str):
    for value in (b"1" * 60_000, b"text," * 12_000, b"9" * 300, b"1e-" + b"9" * 300, b"%41" * 20_000):
        reply = site.line(f"/api/v1/models?{parameter}=".encode() + value)
        assert reply.status in (200, 400)
        if reply.status == 400:
            (issue,) = reply.error(400)["metadata"]["issues"]
            assert issue["path"] == parameter
            assert len(reply.body) < 2_000


def test_what_is_not_http_is_no_server_error(site: Site):
    for request in (
        b"\x16\x03\x01\x00\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET /api/v1/models?q=a b HTTP/1.1\r\nhost: x\r\n\r\n",
        b"GET /api/v1/models?q=\xff HTTP/1.1\r\nhost: x\r\n\r\n",
        b"GET /api/v1/models HTTP/1.1\r\nhost: x\r\ncontent-length: abc\r\n\r\n",
        b"GET /api/v1/models HTTP/1.1\r\nhost: x\r\ncontent-length: -1\r\n\r\n",
        b"GET /api/v1/models?q=" + b"a" * 70_000 + b" HTTP/1.1\r\nhost: x\r\n\r\n",
        b"GET /api/v1/models HTTP/1.1\r\nhost: x\r\nx: " + b"a" * 1_000_000 + b"\r\n\r\n",
    ):
        reply = site.raw(request)
        assert 400 <= reply.status < 500
        assert reply.error(reply.status)["message"]
    assert site.get("/models").status == 200


def stated(length: int, method: str = "POST", path: str = "/api/v1/models") -> bytes:
    return f"{method} {path} HTTP/1.1\r\nhost: x\r\ncontent-length: {length}\r\n\r\n".encode()


def chunked(size: int, method: str = "POST", path: str = "/api/v1/models") -> bytes:
    head = f"{method} {path} HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n".encode()
    whole, rest = divmod(size, 50_000)
    parts = [50_000] * whole + [rest] * (rest > 0)
    return head + b"".join(b"%x\r\n%b\r\n" % (part, b"x" * part) for part in parts) + b"0\r\n\r\n"


@pytest.mark.parametrize("path", ["/api/v1/models", "/api/v1/nothing", "/api/v1/model/openai/gpt-4"])
@pytest.mark.parametrize("method", ["POST", "GET", "PUT", "DELETE"])
def test_a_body_over_the_limit_is_413_however_it_is_sent(site: Site, method: str, path: str):
    site.line(path.encode())  # the answer without a body may be kept by now: that must make no difference
    for request in (
        stated(LIMIT + 1, method, path),
        stated(99_999_999_999, method, path),
        chunked(LIMIT + 1, method, path),
        chunked(3 * LIMIT, method, path),
    ):
        assert site.raw(request, method).error(413)["message"] == "Request payload too large"


def test_a_body_within_the_limit_is_not_too_large(site: Site):
    for size in (0, 1, LIMIT):
        site.raw(chunked(size), "POST").error(405)
        site.raw(stated(size) + b"x" * size, "POST").error(405)
        assert site.raw(chunked(size, "GET")).body == site.get("/models").body
        assert site.raw(stated(size, "GET") + b"x" * size).body == site.get("/models").body


@pytest.mark.parametrize(
    ("query", "parameter", "accepted"),
    [
        ("sort=cheapest", "sort", "pricing-low-to-high"),
        ("sort=", "sort", "newest"),
        ("sort=NEWEST", "sort", "newest"),
        *[(f"category={wrong}", "category", word) for wrong in ("gardening", "", "Legal") for word in CATEGORIES],
        *[("output_modalities=hologram", "output_modalities", word) for word in (*OUTPUT_MODALITIES, "all")],
        *[("input_modalities=text,smell", "input_modalities", word) for word in INPUT_MODALITIES],
        ("zdr=false", "zdr", "true"),
        ("zdr=", "zdr", "true"),
        ("region=apac", "region", "eu"),
        ("region=apac", "region", "us"),
        ("distillable=maybe", "distillable", "false"),
        ("distillable=True", "distillable", "true"),
        ("limit=0", "limit", "1 to 1000"),
        ("limit=1e2", "limit", "1 to 1000"),
        ("limit=%D9%A3", "limit", "1 to 1000"),
        ("limit=-1", "limit", "1 to 1000"),
        ("limit=5&limit=x", "limit", "1 to 1000"),
        ("offset=-1", "offset", "0 or more"),
        ("offset=0x10", "offset", "0 or more"),
        ("context=0", "context", "1 or more"),
        ("context=", "context", "1 or more"),
        ("context=8192.0", "context", "1 or more"),
        ("min_age_days=1.5", "min_age_days", "0 or more"),
        ("max_age_days=-1", "max_age_days", "0 or more"),
        *[
            (f"{bound}_{name}={wrong}", f"{bound}_{name}", "0 or more")
            for bound in ("min", "max")
            for name in ("price", "output_price", "intelligence_index", "coding_index", "agentic_index")
            for wrong in ("-0.1", "NaN", "Infinity", "1e999", "0x1", "1_000", "1,5", "null", "%F0%9D%9F%99")
        ],
        ("min_tool_success_rate=1.1", "min_tool_success_rate", "0 to 1"),
        ("max_tool_success_rate=-0.5", "max_tool_success_rate", "0 to 1"),
    ],
)
def test_a_400_names_the_parameter_and_what_it_accepts(site: Site, query: str, parameter: str, accepted: str):
    error = site.get(f"/models?{query}").error(400)
    assert error["message"] == "Invalid request parameters"
    (issue,) = error["metadata"]["issues"]
    assert issue["path"] == parameter
    assert accepted in issue["message"]


def test_a_400_names_every_wrong_parameter_at_once(site: Site):
    error = site.get("/models?limit=0&sort=x&q=fine&zdr=no&unknown=%20").error(400)
    assert [issue["path"] for issue in error["metadata"]["issues"]] == ["limit", "sort", "zdr"]


@pytest.mark.parametrize("query", ["q=%zz", "q=%", "q=%4", "%zz=1", "q=%ff", "q=%c3%28", "q=%ed%a0%80", "x=%ff"])
def test_a_query_that_cannot_be_decoded_is_400_and_says_so(site: Site, query: str):
    (issue,) = site.get(f"/models?{query}").error(400)["metadata"]["issues"]
    assert issue["path"] == "query"
    assert "percent-encoding" in issue["message"]


@pytest.mark.parametrize(
    "query",
    [
        "unknown=1",
        "q",
        "=",
        "&&&",
        "q=&q=",
        "supported_parameters=",
        "arch=,,",
        "providers=%20",
        "min_price=",
        "max_price=%20",
        "offset=&min_age_days=",
        "output_modalities=",
        "input_modalities=,",
        "use_rss=false",
        "use_rss=TRUE",
        "use_rss_chat_links=true",
    ],
)
def test_unknown_and_empty_parameters_change_nothing(site: Site, query: str):
    assert site.get(f"/models?{query}").ids == site.get("/models").ids


def test_of_a_repeated_scalar_the_last_counts_and_a_repeated_list_is_joined(site: Site):
    assert site.get("/models?limit=x&limit=1").ids == site.get("/models?limit=1").ids
    assert site.get("/models?q=gpt&q=claude").ids == site.get("/models?q=claude").ids
    joined = site.get("/models?output_modalities=image,embeddings").ids
    assert site.get("/models?output_modalities=image&output_modalities=embeddings").ids == joined


def test_errors_are_not_kept_by_caches_and_may_be_read_by_any_page(site: Site):
    for path in ("/nothing", "/models?limit=x"):
        reply = site.get(path)
        assert reply.headers["cache-control"] == "no-store"
        assert reply.headers["access-control-allow-origin"] == "*"
        assert "etag" not in reply.headers


def test_errors_stay_json_where_a_feed_was_asked_for(site: Site):
    site.get("/models?use_rss=true&limit=0", accept="application/rss+xml").error(400)


def test_what_a_caller_sends_does_not_come_back_in_an_error(site: Site):
    mark = "kilroy"
    for reply in (
        site.get(f"/{mark}"),
        site.get(f"/models?sort={mark}", authorization=f"Bearer {mark}"),
        site.get(f"/model/{mark}/{mark}"),
    ):
        assert mark not in json.dumps(reply.json())
