"""The playground in a browser: messages to several models, what they cost, who served them, tools and images."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from time import time
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.factories import ACCOUNT_X, fixture_delivery, seed
from tests.live.servers import process
from tests.live.tenants import Tenant, create_account
from tests.upstream import answers
from tests.upstream.scripted import Hang, ScriptedProvider, Send
from tests.web.browsing import Tab
from tests.web.forms import Visitor, form_token
from trunkline.server.domain.policy.key import digest

SETTINGS = """
[providers.{name}]
base_url = "{url}"
dialect = "openai"
name = "{title}"
api_key = "sk-canary"
data_policy = {{ training = false, retention_days = 0 }}

[[endpoints]]
model = "acme/{model}"
name = "{model}"
provider = "{name}"
upstream_model = "m-upstream"
pricing = {{ prompt = "0.000001", completion = "{price}" }}
context_length = 8192
supported_parameters = ["temperature", "max_tokens", "tools"]
input_modalities = ["text", "image"]
"""
PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010804000000b51c0c020000000b4944415478da6364f80f00010501012718e3660000000049454e44ae426082"
)


@dataclass
class Scene:
    """A server with two models at providers of their own, and a key to call them with."""

    tenant: Tenant
    key_hash: str
    alpha: ScriptedProvider
    beta: ScriptedProvider


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    folder = tmp_path_factory.mktemp("chat")
    home = seed(folder / "home", [fixture_delivery()], time)
    key = create_account(home, ACCOUNT_X, now=time)
    with ScriptedProvider() as alpha, ScriptedProvider() as beta:
        tables = (("alpha", alpha, "one", "0.000002"), ("beta", beta, "two", "0.00001"))
        text = "".join(
            SETTINGS.format(name=name, title=name.title(), url=at.url, model=model, price=price)
            for name, at, model, price in tables
        )
        settings = Path(folder / "trunkline.toml")
        settings.write_text(text)
        with process(home, TRUNKLINE_CONFIG=str(settings)) as site:
            tenant = Tenant(site, ACCOUNT_X, key)
            yield Scene(tenant, tenant.key("Team").hash, alpha, beta)


@pytest.fixture
def scene(running: Scene) -> Scene:
    running.alpha.forget()
    running.beta.forget()
    return running


@pytest.fixture
def chat(opened: Callable[..., Tab], scene: Scene) -> Callable[..., Tab]:
    """Return a function that opens the playground, signed in."""

    def open_chat(models: str = "acme/one", **options: Any) -> Tab:
        tab = opened(scene.tenant.site, **{"viewport": {"width": 1440, "height": 900}, **options})
        tab.sign_in(scene.tenant.management_key)
        assert tab.open(f"/chat?models={models}") == 200
        return tab

    return open_chat


def say(tab: Tab, text: str) -> None:
    tab.page.get_by_label("Message", exact=True).fill(text)
    tab.page.get_by_role("button", name="Send").click()


def sent(provider: ScriptedProvider, number: int = 1) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(provider.await_calls(number)[-1].body)
    return body


@pytest.mark.parametrize("look", [("light", 1440), ("dark", 390)], ids=str)
def test_models_answer_side_by_side_and_say_what_it_cost_and_who_served(chat, scene: Scene, look):
    scene.alpha.always(*answers.hello())
    scene.beta.always(*answers.hello())
    tab = chat("acme/one,acme/two", color_scheme=look[0], viewport={"width": look[1], "height": 900})
    tab.flawless()
    say(tab, "Hi <b>there</b>")
    expect(tab.page.locator(".measures")).to_have_count(2)
    first, second = tab.page.locator(".talk").all()
    for talk in (first, second):
        expect(talk.locator(".turn.user")).to_contain_text("Hi <b>there</b>")
        expect(talk.locator(".turn.assistant .said").first).to_have_text("Hello")
    # 7 tokens in at $1, 3 out at $2 and at $10 a million.
    expect(first.locator(".measures")).to_contain_text("$0.000013 cost")
    expect(second.locator(".measures")).to_contain_text("$0.000037 cost")
    expect(first.locator(".why summary")).to_contain_text("Alpha served the request")
    expect(second.locator(".why summary")).to_contain_text("Beta served the request")
    assert sent(scene.alpha)["messages"] == [{"role": "user", "content": "Hi <b>there</b>"}]
    tab.flawless()


def test_a_conversation_goes_on_with_parameters_and_what_was_said(chat, scene: Scene):
    scene.alpha.always(*answers.hello())
    tab = chat()
    tab.page.locator(".settings summary").click()
    tab.page.get_by_label("System prompt").fill("Be brief")
    tab.page.get_by_label("Temperature").fill("0.5")
    tab.page.get_by_label("Most tokens").fill("20")
    tab.flawless()
    say(tab, "One")
    expect(tab.page.locator(".measures")).to_have_count(1)
    say(tab, "Two")
    expect(tab.page.locator(".measures")).to_have_count(2)
    body = sent(scene.alpha, 2)
    assert [(one["role"], one["content"]) for one in body["messages"]] == [
        ("system", "Be brief"),
        ("user", "One"),
        ("assistant", "Hello"),
        ("user", "Two"),
    ]
    assert (body["temperature"], body["max_tokens"]) == (0.5, 20)
    tab.page.get_by_role("button", name="Start anew").click()
    expect(tab.page.locator(".turn")).to_have_count(0)
    tab.quiet()


def test_a_tool_that_a_model_calls_is_answered_by_hand(chat, scene: Scene):
    called = {"index": 0, "id": "call_1", "type": "function", "function": {"name": "weather", "arguments": ""}}
    pieces = ['{"city":', '"Oslo"}']
    scene.alpha.then(
        *answers.streamed(
            answers.delta(role="assistant", tool_calls=[called]),
            *(answers.delta(tool_calls=[{"index": 0, "function": {"arguments": piece}}]) for piece in pieces),
            answers.delta("tool_calls"),
            answers.usage(),
            answers.DONE,
        )
    ).then(*answers.hello())
    tab = chat()
    tab.page.locator(".settings summary").click()
    tools = [{"type": "function", "function": {"name": "weather", "parameters": {"type": "object"}}}]
    tab.page.get_by_label("Tools, as JSON").fill("[{]")
    say(tab, "Weather in Oslo?")
    expect(tab.page.locator("#tools-wrong")).to_contain_text("no JSON list")
    tab.page.get_by_label("Tools, as JSON").fill(json.dumps(tools))
    tab.page.get_by_role("button", name="Send").click()
    expect(tab.page.locator(".turn.assistant")).to_contain_text('weather({"city":"Oslo"})')
    tab.page.get_by_label("weather returns").fill("rain")
    tab.flawless()
    tab.page.get_by_role("button", name="Give the results back").click()
    expect(tab.page.locator(".turn.assistant").last).to_contain_text("Hello")
    assert sent(scene.alpha, 2)["messages"][-1] == {"role": "tool", "tool_call_id": "call_1", "content": "rain"}
    assert sent(scene.alpha, 2)["tools"] == tools


def test_an_image_goes_along(chat, scene: Scene):
    scene.alpha.always(*answers.hello())
    tab = chat()
    file = {"name": "p.png", "mimeType": "image/png", "buffer": PIXEL}
    tab.page.locator("#image").set_input_files([file])
    expect(tab.page.locator("#images img")).to_have_count(1)
    tab.flawless()
    say(tab, "What is it?")
    expect(tab.page.locator(".measures")).to_have_count(1)
    parts = sent(scene.alpha)["messages"][0]["content"]
    assert [part["type"] for part in parts] == ["text", "image_url"]
    assert parts[1]["image_url"]["url"].startswith("data:image/png;base64,")
    expect(tab.page.locator(".turn.user img")).to_have_count(1)


def test_stopping_cancels_the_call_and_what_fails_is_told(chat, scene: Scene):
    head = Send(answers.STREAM_HEAD + answers.chunked(answers.delta(role="assistant", content="Be")))
    scene.alpha.then(head, Hang()).then(*answers.whole({"error": {"message": "No money"}}, 402))
    tab = chat()
    say(tab, "One")
    expect(tab.page.locator(".turn.assistant .said")).to_have_text("Be")
    tab.page.get_by_role("button", name="Stop").click()
    assert scene.alpha.await_calls(1)[0].gone.wait(10)
    expect(tab.page.get_by_role("button", name="Send")).to_be_enabled()
    say(tab, "Two")
    expect(tab.page.get_by_role("alert").last).to_contain_text("50")
    expect(tab.page.locator(".why").last).to_contain_text("Alpha was tried")


def test_models_are_offered_as_the_key_sees_them(chat, scene: Scene):
    tab = chat("")
    tab.page.get_by_label("Model", exact=True).fill("acme")
    expect(tab.page.locator("#models option")).to_have_count(2)
    tab.page.get_by_role("button", name="Add a model").click()
    tab.page.get_by_role("button", name="Add a model").click()
    expect(tab.page.locator(".talk")).to_have_count(3)
    expect(tab.page.get_by_role("button", name="Add a model")).to_be_hidden()
    tab.page.get_by_role("button", name="Take this model away").last.click()
    expect(tab.page.locator(".talk")).to_have_count(2)
    tab.flawless()


def test_only_inference_keys_of_the_own_account_are_called_with(scene: Scene):
    someone = Visitor(scene.tenant.site)
    someone.sign_in(scene.tenant.management_key)
    token = form_token(someone.get("/chat"))
    chat_body = {"model": "acme/one", "messages": [{"role": "user", "content": "Hi"}]}

    def status(key: str, body: Any = chat_body, **more: str) -> int:
        sending = json.dumps({"key": key, "chat": body}).encode()
        return someone.send("/chat", sending, content_type="application/json", accept="*/*", **more).status

    assert status(digest(scene.tenant.management_key), x_form_token=token) == 404
    assert status("", x_form_token=token) == 404
    assert status("k" * 1_000_000, x_form_token=token) == 404
    assert status(scene.key_hash) == 403
    assert someone.post("/chat", {"form_token": token}).status == 403  # what is no form is not read as one
    assert status(scene.key_hash, x_form_token="0" * 64) == 403
    assert status(scene.key_hash, {"model": "acme/one"}, x_form_token=token) == 400
    assert scene.alpha.calls == []
    assert Visitor(scene.tenant.site).get("/chat").status == 303
