"""Signing in: who gets in, what the browser keeps, and everything that ends it."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.factories import ACCOUNT_X, NOON, fixture_delivery, seed
from tests.live.servers import in_process
from tests.live.tenants import Tenant, clock, create_account, operator
from tests.live.wire import Site
from tests.web.browsing import Tab
from tests.web.forms import Visitor, form_token
from trunkline.server.adapters.memory.attempts import PER_ADDRESS
from trunkline.server.adapters.store.database import open_database
from trunkline.server.settings import Settings
from trunkline.server.usecases import accounts as usecase
from trunkline.server.usecases import sessions


class Hands:
    """A clock that a test turns."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> float:
        return self.now


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    home = seed(tmp_path_factory.mktemp("signing") / "home", [fixture_delivery()])
    return home, create_account(home, ACCOUNT_X)


@pytest.fixture
def hands() -> Hands:
    return Hands()


@pytest.fixture
def own(prepared: tuple[Path, str], tmp_path: Path, hands: Hands) -> Iterator[Tenant]:
    """An account on a server of the test's own."""
    home = Path(shutil.copytree(prepared[0], tmp_path / "home"))
    with in_process(Settings(home=home, trusted_proxies=("127.0.0.0/8",)), hands) as site:
        yield Tenant(site, ACCOUNT_X, prepared[1])


def is_in(someone: Visitor) -> bool:
    return b"Sign out" in someone.get("/models").body


def test_a_management_key_opens_a_session_that_scripts_cannot_read(own: Tenant, tmp_path: Path):
    someone = Visitor(own.site)
    assert not is_in(someone)
    reply = someone.sign_in(own.management_key)
    assert (reply.status, reply.headers["location"]) == (303, "/models")
    assert reply.headers["set-cookie"].endswith("; Path=/; HttpOnly; SameSite=Lax")
    assert is_in(someone)
    # What the home keeps is no credential, and nobody else may read it.
    (kept,) = (tmp_path / "home" / "sessions").iterdir()
    assert kept.stat().st_mode & 0o777 == 0o600
    token = someone.cookies["trunkline_session"]
    assert token not in kept.name + kept.read_text()
    assert own.management_key not in kept.read_text()
    assert not is_in(Visitor(own.site, {"trunkline_session": kept.name}))


def test_pages_of_somebody_signed_in_are_kept_nowhere(own: Tenant):
    someone = Visitor(own.site)
    assert "no-cache" in someone.get("/models").headers["cache-control"]
    someone.sign_in(own.management_key)
    assert someone.get("/models").headers["cache-control"] == "no-store"


def test_over_https_the_cookie_is_secure_and_this_host_s_alone(own: Tenant):
    https = {"x_forwarded_proto": "https", "host": "models.example"}
    page = Visitor(own.site).get("/signin", **https)
    visitor = page.headers["set-cookie"].split("=")[1].split(";")[0]
    reply = Visitor(own.site).post(
        "/signin",
        {"form_token": form_token(page), "key": own.management_key},
        cookie=f"__Host-trunkline_visitor={visitor}",
        origin="https://models.example",
        **https,
    )
    assert reply.status == 303
    assert reply.headers["set-cookie"].startswith("__Host-trunkline_session=")
    assert reply.headers["set-cookie"].endswith("; Path=/; HttpOnly; SameSite=Lax; Secure")


@pytest.mark.parametrize("key", ["", "x", "sk-or-v1-" + "0" * 64, "'\"><script>"])
def test_what_is_no_key_opens_nothing_and_is_not_repeated(own: Tenant, key: str):
    someone = Visitor(own.site)
    reply = someone.sign_in(key)
    assert reply.status == 401
    assert b"not known here" in reply.body
    assert len(key) < 2 or key.encode() not in reply.body
    assert not is_in(someone)


def test_an_inference_key_opens_nothing(own: Tenant):
    assert Visitor(own.site).sign_in(own.key().text).status == 403


def test_attempts_are_limited_by_address(own: Tenant, hands: Hands):
    def attempt(address: str) -> int:
        someone = Visitor(own.site)
        token = form_token(someone.get("/signin"))
        fields = {"form_token": token, "key": "sk-or-v1-" + "0" * 64}
        return someone.post("/signin", fields, x_forwarded_for=f"10.9.9.9, {address}").status

    assert [attempt("192.0.2.1") for _ in range(PER_ADDRESS)] == [401] * PER_ADDRESS
    assert attempt("192.0.2.1") == 429
    assert attempt("192.0.2.2") == 401
    hands.now += 61
    assert attempt("192.0.2.1") == 401


def test_signing_out_ends_the_session_for_whoever_has_it(own: Tenant):
    someone = Visitor(own.site)
    someone.sign_in(own.management_key)
    thief = Visitor(own.site, dict(someone.cookies))
    assert is_in(thief)
    assert someone.post("/signout", {"form_token": form_token(someone.get("/models"))}).status == 303
    assert not is_in(someone)
    assert not is_in(thief)


def test_a_revoked_key_ends_its_sessions_with_the_next_request(own: Tenant, tmp_path: Path):
    database = open_database(tmp_path / "home" / "trunkline.db")
    by = operator(ACCOUNT_X)
    key, text = usecase.create_management_key(database.accounts, by, "second", clock=clock, entropy=secrets.token_bytes)
    someone = Visitor(own.site)
    someone.sign_in(text)
    assert is_in(someone)
    usecase.revoke_management_key(database.accounts, by, key.hash, clock=clock)
    database.close()
    assert not is_in(someone)


def test_a_session_ends_without_use_and_in_any_case_after_a_day_s_work(own: Tenant, hands: Hands):
    idle, busy = Visitor(own.site), Visitor(own.site)
    idle.sign_in(own.management_key)
    busy.sign_in(own.management_key)
    began = hands.now
    while hands.now + sessions.IDLE / 2 < began + sessions.LONGEST:
        hands.now += sessions.IDLE / 2
        assert is_in(busy)
    assert not is_in(idle)
    hands.now = began + sessions.LONGEST
    assert not is_in(busy)


def test_signing_in_leads_back_and_never_elsewhere(own: Tenant):
    someone = Visitor(own.site)
    reply = someone.sign_in(own.management_key, next="/models?q=claude")
    assert reply.headers["location"] == "/models?q=claude"
    for elsewhere in ("https://evil.example", "//evil.example", "/\\evil.example", "javascript:x", "/a\r\nx: y", ""):
        other = Visitor(own.site)
        assert other.sign_in(own.management_key, next=elsewhere).headers["location"] == "/models"


def test_any_worker_knows_the_session(web: Site, tenant: Tenant):
    someone = Visitor(web)
    someone.sign_in(tenant.management_key)
    assert all(is_in(someone) for _ in range(20))
    assert someone.post("/signout", {"form_token": form_token(someone.get("/models"))}).status == 303
    assert not any(is_in(someone) for _ in range(20))


def test_people_sign_in_and_out(tab: Tab, tenant: Tenant):
    tab.open("/signin?next=/models%3Fq%3Dclaude")
    tab.flawless()
    tab.page.get_by_label("Management key").fill("sk-or-v1-wrong")
    tab.page.get_by_role("main").get_by_role("button", name="Sign in").click()
    assert "not known here" in tab.text("[role=alert]")
    tab.complaints.clear()  # the browser's console repeats every 401
    tab.page.get_by_label("Management key").fill(tenant.management_key)
    tab.page.keyboard.press("Enter")
    tab.page.wait_for_url("**/models?q=claude")
    tab.page.get_by_role("button", name="Sign out").click()
    tab.page.get_by_role("link", name="Sign in").wait_for()
    tab.quiet()


def test_the_theme_is_chosen_and_kept(opened: Callable[..., Tab]):
    tab = opened(color_scheme="light", viewport={"width": 1440, "height": 900})
    tab.open("/")
    page = "getComputedStyle(document.body).backgroundColor"
    light = tab.page.evaluate(page)
    tab.page.get_by_role("button", name="Dark theme").click()
    dark = tab.page.evaluate(page)
    assert dark != light
    tab.open("/signin")
    assert tab.page.evaluate(page) == dark
    assert tab.page.get_by_role("button", name="Dark theme").get_attribute("aria-pressed") == "true"
    tab.flawless()
