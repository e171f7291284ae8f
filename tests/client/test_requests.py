"""What goes over the wire: path, query, headers, and where each comes from."""

from __future__ import annotations

import inspect
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.client.conftest import QUICK, Call
from tests.client.rows import model, page
from tests.client.upstream import Upstream, answer
from trunkline import OpenRouter, operations, types
from trunkline.client.contracts import GET_MODEL
from trunkline.client.requests import Options, build
from trunkline.client.settings import Settings

LIST: dict[str, tuple[Any, str]] = {
    "offset": (20, "20"),
    "limit": (10, "10"),
    "category": ("marketing/seo", "marketing/seo"),
    "supported_parameters": ("tools,temperature", "tools,temperature"),
    "output_modalities": ("all", "all"),
    "sort": ("newest", "newest"),
    "q": ("gpt 4", "gpt 4"),
    "input_modalities": ("text,image", "text,image"),
    "context": (128000, "128000"),
    "min_price": (0, "0.0"),
    "max_price": (Decimal("0.000000123"), "0.000000123"),
    "arch": ("GPT", "GPT"),
    "model_authors": ("openai,anthropic", "openai,anthropic"),
    "providers": ("Google AI Studio", "Google AI Studio"),
    "distillable": ("true", "true"),
    "zdr": ("true", "true"),
    "region": ("eu", "eu"),
    "min_output_price": (0.5, "0.5"),
    "max_output_price": (30, "30.0"),
    "min_age_days": (1, "1"),
    "max_age_days": (30, "30"),
    "min_intelligence_index": (40, "40.0"),
    "max_intelligence_index": (70.5, "70.5"),
    "min_coding_index": (40, "40.0"),
    "max_coding_index": (70.5, "70.5"),
    "min_agentic_index": (40, "40.0"),
    "max_agentic_index": (70.5, "70.5"),
    "min_tool_success_rate": (0.9, "0.9"),
    "max_tool_success_rate": (1, "1.0"),
}
EVERYWHERE = {
    "http_referer", "x_open_router_title", "x_open_router_categories",
    "retries", "server_url", "timeout_ms", "http_headers",
}  # fmt: skip


def test_the_table_of_parameters_is_complete():
    assert set(inspect.signature(OpenRouter().models.list).parameters) == LIST.keys() | EVERYWHERE


@pytest.mark.parametrize(("name", "value", "sent"), [(name, *row) for name, row in LIST.items()])
def test_each_parameter_of_list_is_sent_under_its_name(
    upstream: Upstream, client: OpenRouter, name: str, value: Any, sent: str
):
    client.models.list(**{name: value})
    assert parse_qsl(upstream.asked[0].query) == [(name, sent)]


def test_all_parameters_at_once_keep_their_order(upstream: Upstream, client: OpenRouter, call: Call):
    call(client, "models.list", **{name: value for name, (value, _) in reversed(LIST.items())})
    assert parse_qsl(upstream.asked[0].query) == [(name, sent) for name, (_, sent) in LIST.items()]


def test_commas_and_blanks_are_sent_as_official_clients_send_them(upstream: Upstream, client: OpenRouter):
    client.models.list(providers="Google AI Studio,OpenAI", q="é/?&=+")
    assert upstream.asked[0].target == ("/api/v1/models?q=%C3%A9%2F%3F%26%3D%2B&providers=Google+AI+Studio%2COpenAI")


def test_what_is_none_or_unset_is_left_out_and_an_empty_text_is_not(upstream: Upstream, client: OpenRouter):
    client.models.list(q="", min_price=None, max_price=types.UNSET, sort=None)
    assert upstream.asked[0].target == "/api/v1/models?q="


@pytest.mark.parametrize(
    ("operation", "arguments", "target"),
    [
        ("models.get", {"author": "openai", "slug": "gpt-4:free"}, "/model/openai/gpt-4:free"),
        ("models.get", {"author": "~anthropic", "slug": "claude latest"}, "/model/~anthropic/claude%20latest"),
        ("models.get", {"author": "a/b", "slug": "c?d=1#e%2F"}, "/model/a%2Fb/c%3Fd=1%23e%252F"),
        ("models.get", {"author": "openai", "slug": ""}, "/model/openai/"),
        ("models.count", {"output_modalities": "text,image"}, "/models/count?output_modalities=text%2Cimage"),
        ("models.list_for_user", {"security": {"bearer": "k"}, "sort": "newest"}, "/models/user?sort=newest"),
        ("endpoints.list", {"author": "openai", "slug": "gpt-4"}, "/models/openai/gpt-4/endpoints"),
        ("endpoints.list_zdr_endpoints", {}, "/endpoints/zdr"),
        ("providers.list", {}, "/providers"),
        ("embeddings.list_models", {"offset": 5, "limit": 2}, "/embeddings/models?offset=5&limit=2"),
    ],
)
def test_each_operation_asks_its_own_path(
    upstream: Upstream, client: OpenRouter, call: Call, operation: str, arguments: dict[str, Any], target: str
):
    model_with_endpoints = {**model(), "endpoints": [], "description": ""}
    model_with_endpoints["architecture"] |= {"tokenizer": None, "instruct_type": None}
    upstream.plays(
        answer(
            {"data": []} if "list" in operation and operation != "endpoints.list" else {"data": model_with_endpoints}
        )
    )
    if operation == "models.count":
        upstream.plays(answer({"data": {"count": 1}}))
    call(client, operation, **arguments)
    assert [asked.target for asked in upstream.asked] == [f"/api/v1{target}"]


@given(st.text(), st.text())
def test_no_value_of_a_path_reaches_beyond_its_segment(author: str, slug: str):
    if {author, slug} & {".", ".."} or any("\ud800" <= character <= "\udfff" for character in author + slug):
        return
    request = build(Settings(environment={}), GET_MODEL, Options(), values={"author": author, "slug": slug}, query={})
    path = request.url.removeprefix("http://127.0.0.1:8080/api/v1/model/")
    assert path.count("/") == 1
    assert not set(path) & set("?# \n")


@pytest.mark.parametrize("value", [".", ".."])
def test_a_path_that_would_climb_is_refused(client: OpenRouter, upstream: Upstream, value: str):
    with pytest.raises(ValueError, match="another path"):
        client.models.get(author=value, slug="providers")
    assert not upstream.asked


def test_the_headers_of_a_plain_call(upstream: Upstream, client: OpenRouter, call: Call):
    call(client, "models.list")
    headers = dict(upstream.asked[0].headers)
    assert headers.pop("user-agent").startswith("trunkline-python/")
    assert set(headers.pop("accept-encoding").split(",")) == {"gzip", "br", "zstd", "deflate"}
    assert headers == {
        "host": f"127.0.0.1:{upstream.port}",
        "accept": "application/json",
        "authorization": "Bearer sk-test",
    }


def test_the_calling_app_is_named_by_the_call_else_the_client_else_the_environment(upstream: Upstream):
    settings = Settings(
        attribution=("https://client", None, None),
        server_url=upstream.url,
        environment={
            "OPENROUTER_HTTP_REFERER": "https://variable",
            "OPENROUTER_X_OPEN_ROUTER_TITLE": "variable",
            "OPENROUTER_X_OPEN_ROUTER_CATEGORIES": "cli-agent",
        },
    )
    request = build(
        settings, GET_MODEL, Options(x_open_router_title="call"), values={"author": "a", "slug": "b"}, query={}
    )
    headers = dict(request.headers)
    assert headers["HTTP-Referer"] == "https://client"
    assert headers["X-OpenRouter-Title"] == "call"
    assert headers["X-OpenRouter-Categories"] == "cli-agent"


def test_every_operation_takes_the_calling_app_and_more_headers(upstream: Upstream, client: OpenRouter, call: Call):
    call(
        client,
        "providers.list",
        http_referer="https://app",
        x_open_router_title="App – one",
        x_open_router_categories="cli-agent,ide-extension",
        http_headers={"X-Trace": "1", "user-agent": "mine"},
    )
    headers = upstream.asked[0].headers
    assert headers["http-referer"] == "https://app"
    assert headers["x-openrouter-title"].encode("latin-1").decode() == "App – one"
    assert headers["x-openrouter-categories"] == "cli-agent,ide-extension"
    assert (headers["x-trace"], headers["user-agent"]) == ("1", "mine")


def test_settings_come_from_the_environment_where_the_constructor_says_nothing():
    settings = Settings(
        environment={
            "OPENROUTER_API_KEY": "sk-variable",
            "TRUNKLINE_URL": "https://models.example/api/v1/",
            "OPENROUTER_TIMEOUT_MS": "1500",
            "OPENROUTER_RETRY_MAX_ELAPSED_MS": "2500",
        }
    )
    assert (settings.api_key, settings.server_url) == ("sk-variable", "https://models.example/api/v1")
    assert settings.timeout_ms == 1500
    assert settings.retry_config is not None
    assert settings.retry_config.backoff.max_elapsed_time == 2500


def test_the_defaults_are_a_local_server_and_a_minute():
    settings = Settings(environment={})
    assert (settings.api_key, settings.server_url) == (None, "http://127.0.0.1:8080/api/v1")
    assert settings.retry_config is not None
    assert (settings.timeout_ms, settings.retry_config.backoff.max_elapsed_time) == (60_000, 60_000)


@pytest.mark.parametrize(
    "variables",
    [{"TRUNKLINE_URL": "models.example"}, {"OPENROUTER_TIMEOUT_MS": "soon"}, {"OPENROUTER_TIMEOUT_MS": "-1"}],
)
def test_a_variable_that_cannot_be_used_is_refused(variables: dict[str, str]):
    with pytest.raises(ValueError, match=r"server_url|OPENROUTER_TIMEOUT_MS"):
        Settings(environment=variables)


@pytest.mark.parametrize(
    ("key", "sent"),
    [
        ("sk", "Bearer sk"),
        ("Bearer sk", "Bearer sk"),
        (lambda: "made", "Bearer made"),
        ("", None),
        (lambda: None, None),
    ],
)
def test_the_key_is_sent_as_a_bearer_token_or_not_at_all(upstream: Upstream, key: Any, sent: str | None):
    with OpenRouter(api_key=key, server_url=upstream.url, timeout_ms=QUICK) as client:
        client.models.list()
    assert upstream.asked[0].headers.get("authorization") == sent


def test_a_key_that_is_a_function_is_asked_for_each_call(upstream: Upstream):
    keys = iter(["first", "second"])
    with OpenRouter(api_key=lambda: next(keys), server_url=upstream.url, timeout_ms=QUICK) as client:
        client.models.list()
        client.models.list()
    assert [asked.headers["authorization"] for asked in upstream.asked] == ["Bearer first", "Bearer second"]


@pytest.mark.parametrize(
    ("security", "sent"),
    [
        (operations.ListModelsUserSecurity(bearer="theirs"), "Bearer theirs"),
        ({"bearer": "theirs"}, "Bearer theirs"),
        (operations.ListModelsUserSecurity(bearer=""), None),
    ],
)
def test_the_list_of_a_key_is_asked_with_that_key_alone(
    upstream: Upstream, client: OpenRouter, call: Call, security: Any, sent: str | None
):
    upstream.plays(answer(page(model())))
    assert call(client, "models.list_for_user", security=security).data[0].id == "acme/one"
    assert upstream.asked[0].headers.get("authorization") == sent


def test_a_page_after_the_first_is_asked_with_the_same_key(upstream: Upstream, client: OpenRouter):
    upstream.plays(answer(page(model(), following="/api/v1/models/user?offset=1&limit=1")), answer(page(model("a/b"))))
    listed = client.models.list_for_user(security={"bearer": "theirs"}, limit=1)
    assert [row.id for row in listed] == ["acme/one", "a/b"]
    assert [asked.headers["authorization"] for asked in upstream.asked] == ["Bearer theirs"] * 2


def test_a_call_can_go_to_another_server(upstream: Upstream, call: Call):
    with OpenRouter(server_url="http://127.0.0.1:1", retry_config=None) as client:
        call(client, "models.list", server_url=f"{upstream.url}/", timeout_ms=QUICK)
    assert upstream.asked[0].target == "/api/v1/models"


@pytest.mark.parametrize("text", ["sk-secret\r\nX-Admin: 1", "sk-secret\n", "sk-secret\x00"])
def test_a_line_break_in_a_header_is_refused_without_repeating_the_value(upstream: Upstream, text: str):
    with (
        OpenRouter(api_key=text, server_url=upstream.url) as client,
        pytest.raises(ValueError, match="Authorization") as refused,
    ):
        client.models.list()
    assert "sk-secret" not in str(refused.value)
    assert not upstream.asked


def test_an_unknown_keyword_is_a_type_error_like_any_other(client: OpenRouter):
    with pytest.raises(TypeError, match="colour"):
        client.models.list(colour="red")  # type: ignore[call-arg]


def test_neither_the_client_nor_its_security_shows_a_key():
    assert "sk-secret" not in repr(OpenRouter(api_key="sk-secret"))
    assert "sk-secret" not in repr(operations.ListModelsUserSecurity(bearer="sk-secret"))
