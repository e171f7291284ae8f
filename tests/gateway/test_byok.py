"""Calls with an account's own keys, on a whole server: who is called with what, what it costs, what is left behind."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from tests.factories import ACCOUNT_X, delivered, seed
from tests.gateway.world import Clock, eventually
from tests.live.gateways import events
from tests.live.servers import in_process
from tests.live.tenants import Key, Tenant, create_account
from tests.live.wire import Reply, Site
from tests.upstream.answers import completion, hello, streamed, whole
from tests.upstream.scripted import Reset, ScriptedProvider
from trunkline.server.settings import Settings, load

OWN = "sk-own-canary-of-the-account-AbCd"
NAMES = ("alpha", "beta", "gamma")
PROVIDER = """
[providers.{name}]
base_url = "{url}"
dialect = "openai"
name = "{title}"
api_key = "{key}"
headers = {{ x-operator = "operator-{name}" }}
data_policy = {{ training = false, retention_days = 0 }}
"""
ENDPOINT = """
[[endpoints]]
model = "{model}"
provider = "{name}"
pricing = {{ prompt = "{price}", completion = "{price}" }}
context_length = 8192
name = "{model}"
"""
OK = whole(completion())
LIST_PRICE = {"alpha": 0.00001, "beta": 0.00002, "gamma": 0.00003}
"""Of an answer of 10 tokens, in USD."""
REFUSALS = [401, 402, 403, 404, 408, 429, 500, 503, 529]


@dataclass
class Scene:
    """A server with two providers that the operator has keys for, and one that is called with own keys only."""

    site: Site
    tenant: Tenant
    providers: dict[str, ScriptedProvider]
    settings: Settings
    key: Key

    def own(self, provider: str, secret: str = OWN, **fields: Any) -> str:
        """Bring a key and return its id."""
        made: str = self.tenant.made("/byok", {"provider": provider, "key": secret, **fields})["data"]["id"]
        return made

    def chat(self, key: Key | None = None, **body: Any) -> Reply:
        sent = {"model": "acme/m", "messages": [{"role": "user", "content": "Hello"}], **body}
        bearer = f"Bearer {(key or self.key).text}"
        more = {"x-openrouter-metadata": "enabled"}
        return self.site.ask("POST", "/chat/completions", json.dumps(sent).encode(), authorization=bearer, **more)

    def told(self, reply: Reply) -> dict[str, Any]:
        """Return the generation of an answer."""
        found: dict[str, Any] = self.key.get(f"/generation?id={reply.headers['x-generation-id']}").json()["data"]
        return found

    def keys_of(self, name: str) -> list[str | None]:
        """Return the credentials that a provider was called with."""
        return [call.header("authorization") for call in self.providers[name].calls]


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    home = seed(tmp_path_factory.mktemp("byok") / "home", [delivered()])
    clock = Clock()
    management = create_account(home, ACCOUNT_X, now=clock)
    providers = {name: ScriptedProvider() for name in NAMES}
    text = "byok_fee = 0.05\n"
    for number, name in enumerate(NAMES):
        key = "${NOT_SET}" if name == "gamma" else f"sk-operator-{name}"
        text += PROVIDER.format(name=name, url=providers[name].url, title=name.title(), key=key)
        text += ENDPOINT.format(model="acme/m", name=name, price=f"0.00000{number + 1}")
    text += ENDPOINT.format(model="acme/g", name="gamma", price="0.000003")
    (home / "trunkline.toml").write_text(text)
    settings = load({"home": str(home)}, {}).settings
    with (
        providers["alpha"],
        providers["beta"],
        providers["gamma"],
        in_process(settings, clock) as site,
    ):
        tenant = Tenant(site, ACCOUNT_X, management)
        yield Scene(site, tenant, providers, settings, tenant.key())


@pytest.fixture
def scene(everything: Scene) -> Iterator[Scene]:
    """Return the scene with nothing brought and nothing called, and a key that has spent nothing."""
    for provider in everything.providers.values():
        provider.calls.clear()
        provider._scripts.clear()
        provider.always(*OK)
    yield replace(everything, key=everything.tenant.key())
    for row in everything.tenant.get("/byok").json()["data"]:
        everything.tenant.changed("DELETE", f"/byok/{row['id']}")


def callable_by(key: Key) -> list[str]:
    """Return the models that a key sees, without routers."""
    return sorted(model for model in key.models if model.startswith("acme/"))


def test_an_own_key_goes_first_and_costs_the_fee(scene: Scene):
    """Case 45."""
    scene.own("beta")
    reply = scene.chat(provider={"order": ["alpha", "beta"]})
    body = reply.json()
    assert (body["provider"], body["usage"]["is_byok"]) == ("Beta", True)
    assert body["usage"]["cost"] == pytest.approx(0.05 * LIST_PRICE["beta"], rel=1e-12)
    assert body["usage"]["cost_details"]["upstream_inference_cost"] == LIST_PRICE["beta"]
    routed = body["openrouter_metadata"]
    assert routed["is_byok"] is True
    assert [(one["provider"], one["selected"]) for one in routed["endpoints"]["available"]] == [
        ("Beta", True),
        ("Alpha", False),
        ("Beta", False),
    ]
    (call,) = scene.providers["beta"].calls
    assert call.header("authorization") == f"Bearer {OWN}"
    assert call.header("x-operator") is None
    told = scene.told(reply)
    assert (told["is_byok"], told["upstream_inference_cost"]) == (True, LIST_PRICE["beta"])
    assert [one["is_byok"] for one in told["provider_responses"]] == [True]
    own = scene.key.get("/key").json()["data"]
    assert own["byok_usage"] == own["byok_usage_daily"] == LIST_PRICE["beta"]
    assert own["usage"] == pytest.approx(0.05 * LIST_PRICE["beta"], rel=1e-12)


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("status", REFUSALS)
def test_whatever_an_own_key_meets_with_the_operators_is_next(scene: Scene, stream: bool, status: int):
    scene.own("beta")
    scene.providers["beta"].then(*whole({"error": {"message": f"bad {OWN}"}}, status))
    scene.providers["beta"].then(*(hello() if stream else OK))
    reply = scene.chat(stream=stream, provider={"only": ["beta"]})
    (usage,) = [one["usage"] for one in (events(reply) if stream else [reply.json()]) if one.get("usage")]
    assert (usage["is_byok"], usage["cost"]) == (False, LIST_PRICE["beta"])
    assert scene.keys_of("beta") == [f"Bearer {OWN}", "Bearer sk-operator-beta"]
    assert scene.providers["beta"].calls[1].header("x-operator") == "operator-beta"
    assert [one["is_byok"] for one in scene.told(reply)["provider_responses"]] == [True, False]
    assert OWN not in reply.body.decode()
    assert scene.key.get("/key").json()["data"]["byok_usage"] == 0


def test_one_that_is_always_used_is_not_replaced_by_the_operators(scene: Scene):
    """Case 46."""
    scene.own("beta", is_required=True)
    scene.providers["beta"].always(*whole({"error": {"message": "slow down"}}, 429, ("Retry-After", "9")))
    body = scene.chat(provider={"order": ["beta", "alpha"]}).json()
    assert (body["provider"], body["usage"]["is_byok"]) == ("Alpha", False)
    assert scene.keys_of("beta") == [f"Bearer {OWN}"]
    error = scene.chat(provider={"only": ["beta"]}).error(429)
    assert error["availability"]["retry_after"] == 9


def test_a_rate_limited_own_key_gives_the_operators_endpoint_no_pause(scene: Scene):
    credential = scene.own("alpha")
    scene.providers["alpha"].then(*whole({"error": {"message": "slow down"}}, 429, ("Retry-After", "600")))
    scene.chat().json()
    scene.tenant.changed("DELETE", f"/byok/{credential}")
    # An endpoint that has a pause is the last one of all; else the lot falls on this one four times of five.
    assert "Alpha" in {scene.chat().json()["provider"] for _ in range(20)}


def test_an_own_key_opens_a_provider_that_the_operator_has_none_for(scene: Scene):
    assert callable_by(scene.key) == ["acme/m"]
    scene.chat(model="acme/g").error(404)
    credential = scene.own("gamma")
    assert callable_by(scene.key) == ["acme/g", "acme/m"]
    body = scene.chat(model="acme/g").json()
    assert (body["provider"], body["usage"]["is_byok"]) == ("Gamma", True)
    scene.tenant.changed("PATCH", f"/byok/{credential}", {"allowed_models": ["acme/m"]})
    scene.chat(model="acme/g").error(404)
    scene.tenant.changed("PATCH", f"/byok/{credential}", {"allowed_models": None, "disabled": True})
    scene.chat(model="acme/g").error(404)
    assert callable_by(scene.key) == ["acme/m"]
    assert scene.keys_of("gamma") == [f"Bearer {OWN}"]


@pytest.mark.parametrize("status", [401, 402])
def test_a_bad_own_key_alone_is_an_error_that_no_client_repeats(scene: Scene, status: int):
    scene.own("gamma")
    scene.providers["gamma"].always(*whole({"error": {"message": f"{OWN} is bad", "code": "invalid"}}, status))
    for stream in (False, True):
        reply = scene.chat(model="acme/g", stream=stream)
        error = reply.error(403)
        assert error["metadata"]["error_type"] == "permission_denied"
        assert error["metadata"]["provider_name"] == "Gamma"
        assert "retry-after" not in reply.headers
        assert OWN not in reply.body.decode()
        assert scene.told(reply)["total_cost"] == 0


def test_fallbacks_workspaces_and_keys_say_when_and_whose_calls_use_it(scene: Scene):
    scene.own("alpha", "sk-own-fallback", is_fallback=True)
    scene.providers["alpha"].then(*whole({"error": {"message": "busy"}}, 503))
    scene.chat(provider={"only": ["alpha"]})
    assert scene.keys_of("alpha") == ["Bearer sk-operator-alpha", "Bearer sk-own-fallback"]
    other = scene.tenant.key("other")
    scene.own("beta", "sk-own-of-other", allowed_api_key_hashes=[other.hash])
    team = scene.tenant.made("/workspaces", {"name": "t", "slug": "t"})["data"]["id"]
    scene.own("beta", "sk-own-of-team", workspace_id=team)
    for key in (scene.key, other, scene.tenant.key("theirs", workspace_id=team)):
        scene.chat(key, provider={"only": ["beta"]})
    assert scene.keys_of("beta") == ["Bearer sk-operator-beta", "Bearer sk-own-of-other", "Bearer sk-own-of-team"]
    listed = scene.tenant.get(f"/byok?workspace_id={team}").json()
    assert ([row["label"] for row in listed["data"]], listed["total_count"]) == (["..."], 1)
    for row in listed["data"]:
        scene.tenant.changed("DELETE", f"/byok/{row['id']}")


def test_several_are_tried_in_the_order_in_which_they_came(scene: Scene):
    for number in range(3):
        scene.own("alpha", f"sk-own-number-{number}")
    scene.providers["alpha"].then(*whole({"error": {"message": "no"}}, 401))
    scene.providers["alpha"].then(*whole({"error": {"message": "no"}}, 429))
    assert scene.chat(provider={"only": ["alpha"]}).json()["usage"]["is_byok"] is True
    assert scene.keys_of("alpha") == [f"Bearer sk-own-number-{number}" for number in range(3)]


@pytest.mark.parametrize("counts", [False, True])
def test_the_worth_of_own_calls_counts_against_a_limit_only_where_that_is_asked(scene: Scene, counts: bool):
    scene.own("beta")
    key = scene.tenant.key("limited", limit=0.00001, include_byok_in_limit=counts)
    assert scene.chat(key, provider={"only": ["beta"]}).status == 200
    assert scene.chat(key, provider={"only": ["beta"]}).status == (402 if counts else 200)


def test_the_fee_begins_where_the_month_s_allowance_ends(scene: Scene):
    account = "5b0f7c52-7d0e-4f0f-9f57-2a4f8d1f3a11"
    management = create_account(scene.settings.home, account, now=Clock())
    settings = structs.replace(scene.settings, byok_allowance=Decimal("0.00003"))
    with in_process(settings, Clock()) as site:
        tenant = Tenant(site, account, management)
        there = replace(scene, site=site, tenant=tenant, key=tenant.key())
        there.own("beta")
        costs = [there.chat(provider={"only": ["beta"]}).json()["usage"]["cost"] for _ in range(3)]
        assert there.key.get("/key").json()["data"]["byok_usage"] == pytest.approx(3 * LIST_PRICE["beta"])
    assert costs == pytest.approx([0, 0.05 * 0.00001, 0.05 * LIST_PRICE["beta"]], rel=1e-12)


def test_a_new_key_takes_the_old_ones_place_at_once(scene: Scene):
    credential = scene.own("alpha")
    scene.chat()
    changed = scene.tenant.changed("PATCH", f"/byok/{credential}", {"key": "sk-own-second-of-the-account-WxYz"})
    assert changed["data"]["label"] == "sk-...WxYz"
    scene.chat()
    assert scene.keys_of("alpha") == [f"Bearer {OWN}", "Bearer sk-own-second-of-the-account-WxYz"]


def test_another_server_on_the_same_store_follows_soon(scene: Scene):
    with in_process(scene.settings, Clock()) as second:
        there = Key(second, scene.key.text, scene.key.hash)
        assert callable_by(there) == ["acme/m"]
        credential = scene.own("gamma")
        eventually(lambda: callable_by(there) == ["acme/g", "acme/m"])
        assert scene.chat(there, model="acme/g").status == 200
        scene.tenant.changed("DELETE", f"/byok/{credential}")
        eventually(lambda: callable_by(there) == ["acme/m"])


def test_a_secret_that_was_moved_to_another_row_opens_nothing(scene: Scene):
    moved, mine = scene.own("beta", "sk-own-of-somebody-else-1234"), scene.own("alpha")
    with sqlite3.connect(scene.settings.home / "trunkline.db") as store:
        (sealed,) = store.execute("SELECT sealed FROM byok WHERE id = ?", (moved,)).fetchone()
        store.execute("UPDATE byok SET sealed = ? WHERE id = ?", (sealed, mine))
    scene.tenant.changed("PATCH", f"/byok/{mine}", {"name": "moved"})
    body = scene.chat(provider={"only": ["alpha"]}).json()
    assert (body["provider"], body["usage"]["is_byok"]) == ("Alpha", False)
    assert scene.keys_of("alpha") == ["Bearer sk-operator-alpha"]


def test_a_stream_that_breaks_on_an_own_key_is_worth_nothing(scene: Scene):
    scene.own("alpha")
    scene.providers["alpha"].then(
        *streamed(b'data: {"choices": [{"index": 0, "delta": {"content": "a"}}]}\n\n', end=b"")
    )
    scene.providers["alpha"]._scripts[-1] = (*scene.providers["alpha"]._scripts[-1], Reset())
    reply = scene.chat(stream=True, provider={"only": ["alpha"]})
    assert events(reply)[-1]["error"]["code"] == 502
    told = scene.told(reply)
    assert (told["is_byok"], told["total_cost"], told["finish_reason"]) == (True, 0, "error")
    assert scene.key.get("/key").json()["data"]["byok_usage"] == 0


def test_no_secret_is_left_anywhere_in_the_clear(scene: Scene, caplog: pytest.LogCaptureFixture):
    caplog.set_level(0)
    credential = scene.own("gamma", name="mine")
    scene.providers["gamma"].then(*whole({"error": {"message": f"{OWN} is bad"}}, 401))
    replies = [scene.chat(model="acme/g"), scene.chat(model="acme/g"), scene.chat(model="acme/g", debug={"echo": 1})]
    for method, path, body in (
        ("GET", "/byok", None),
        ("GET", f"/byok/{credential}", None),
        ("PATCH", f"/byok/{credential}", {"key": OWN, "allowed_user_ids": []}),
        ("PATCH", f"/byok/{credential}", {"key": OWN, "name": 1}),
        ("POST", "/byok", {"provider": "nobody", "key": OWN}),
        ("POST", "/byok", {"provider": "beta", "key": f"{OWN}\n"}),
        ("GET", "//api/trunkline/v1/audit?noun=byok", None),
    ):
        replies.append(scene.tenant.ask(method, path, body))
    assert {reply.status for reply in replies} >= {200, 400, 403}
    stored = b"".join(file.read_bytes() for file in Path(scene.settings.home).rglob("*") if file.is_file())
    assert b"gamma" in stored
    for text in (*(reply.body for reply in replies), stored, caplog.text.encode()):
        assert OWN.encode() not in text
        assert b"canary-of-the-account" not in text
