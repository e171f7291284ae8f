"""A server with an account that has been in use for a month: keys, members, limits, calls good and bad."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from time import time
from typing import Any, Final

import pytest

from tests.factories import ACCOUNT_X, M, fixture_delivery, seed
from tests.live.gateways import Caller
from tests.live.servers import process
from tests.live.tenants import OWN, Key, Tenant, create_account
from tests.live.wire import Reply
from tests.server.http.recorded import DAY, generation, write
from tests.upstream import answers
from tests.upstream.scripted import ScriptedProvider
from tests.web.browsing import Tab
from tests.web.forms import Visitor, form_token
from trunkline.server.domain.generation.usage import Usage

LOOKS: Final = (("light", 1440), ("dark", 390))
"""Each page is looked at in both themes and both widths."""
SETTINGS = """
operator = "{operator}"
secret_key = "{sealing}"

[providers.alpha]
base_url = "{url}"
dialect = "openai"
name = "Alpha Cloud"
api_key = "sk-canary-of-the-operator"
data_policy = {{ training = false, retention_days = 0 }}

[[endpoints]]
model = "acme/one"
name = "Acme One"
provider = "alpha"
upstream_model = "m-upstream"
pricing = {{ prompt = "0.000001", completion = "0.000002" }}
context_length = 8192
"""
HOSTILE = "<img src=x onerror=alert(1)>'\"&amp;{{7*7}}"
"""A name that would be a script on a page that forgets to escape."""
LONG = "a-name-without-an-end-" * 9


@dataclass(frozen=True)
class Scene:
    """The server, its account, and what was there from the start."""

    tenant: Tenant
    home: Path
    keys: dict[str, Key]
    member: str
    now: float

    def visitor(self) -> Visitor:
        """Return somebody without a browser who has signed in."""
        someone = Visitor(self.tenant.site)
        assert someone.sign_in(self.tenant.management_key).status == 303
        return someone

    def send(self, path: str, **fields: str) -> Reply:
        """Send a form as a browser without scripts would."""
        someone = self.visitor()
        return someone.post(path, {"form_token": form_token(someone.get("/govern")), **fields})


@pytest.fixture(scope="session")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    folder = tmp_path_factory.mktemp("govern")
    home = seed(folder / "home", [fixture_delivery()], time)
    management = create_account(home, ACCOUNT_X, now=time)
    with ScriptedProvider() as alpha:
        settings = folder / "trunkline.toml"
        settings.write_text(SETTINGS.format(operator=ACCOUNT_X, sealing="11" * 32, url=alpha.url))
        with process(home, TRUNKLINE_CONFIG=str(settings)) as site:
            yield furnished(Tenant(site, ACCOUNT_X, management), home, alpha)


def furnished(tenant: Tenant, home: Path, alpha: ScriptedProvider) -> Scene:
    """Fill an account: three keys, a member, a budget, a month of calls and some of this minute."""
    now = time()
    member = tenant.made(f"{OWN}/members", {"email": "ada@example.com", "first_name": "Ada", "last_name": "Lovelace"})
    user_id = member["data"]["id"]
    keys = {
        "Production": tenant.key("Production", limit=60),
        "Evaluation runs": tenant.key("Evaluation runs", creator_user_id=user_id),
        HOSTILE: tenant.key(HOSTILE),
    }
    place = tenant.default_workspace()["id"]
    models = [
        ("M1", "OpenAI", "openai", "0.41"),
        ("M2", "Anthropic", "anthropic", "0.87"),
        ("M3", "Google", "google-vertex", "0.12"),
    ]
    records = []
    for back in range(30):
        for place_in_day, (model, name, slug, price) in enumerate(models):
            for key_place, (key_name, key) in enumerate(keys.items()):
                if (back + place_in_day) % (key_place + 1):
                    continue
                records.append(
                    generation(
                        id=f"gen-web-{back}-{place_in_day}-{key_place}",
                        created=now - back * DAY - 600 * place_in_day - 60 * key_place,
                        key_hash=key.hash,
                        workspace_id=place,
                        user_id=user_id if key_name == "Evaluation runs" else None,
                        model=M[model],
                        permaslug=M[model],
                        endpoint=f"{M[model]} {slug} 0",
                        provider=slug,
                        provider_name=name,
                        usage=Usage(prompt_tokens=5200 + 40 * back, completion_tokens=700, cached_tokens=1000),
                        charged=Decimal(price) * (40 - back) / 20,
                        referer="https://shop.example" if key_place else None,
                        app_title="The shop" if key_place else None,
                        latency_ms=420.0,
                        generation_ms=2100.0,
                    )
                )
    write(home, *records)
    alpha.always(*answers.hello())
    caller = Caller(tenant.site, keys["Production"].text)
    for _ in range(12):
        caller.stream("acme/one")
    return Scene(tenant, home, keys, user_id, now)


@pytest.fixture
def enter(opened: Callable[..., Tab], scene: Scene, session: dict[str, Any]) -> Callable[..., Tab]:
    """Return a function that opens a tab which has signed in."""

    def entered(theme: str = "light", width: int = 1440, **options: Any) -> Tab:
        shape = {"width": width, "height": 900}
        return opened(scene.tenant.site, color_scheme=theme, viewport=shape, storage_state=session, **options)

    return entered


@pytest.fixture(scope="session")
def session(scene: Scene) -> dict[str, Any]:
    """The cookies of somebody who has signed in."""
    cookies = [
        {"name": name, "value": value, "domain": scene.tenant.site.host, "path": "/"}
        for name, value in scene.visitor().cookies.items()
    ]
    return {"cookies": cookies, "origins": []}


@pytest.fixture(params=LOOKS, ids=lambda look: f"{look[0]}-{look[1]}")
def inside(request: pytest.FixtureRequest, enter: Callable[..., Tab]) -> Tab:
    """A tab that has signed in: light and wide, dark and narrow."""
    return enter(*request.param)


@pytest.fixture
def desk(enter: Callable[..., Tab]) -> Tab:
    """One wide and light tab that has signed in."""
    return enter()
