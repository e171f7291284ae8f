"""Pages show nobody what belongs to others: private models, and keys of another account."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.factories import ACCOUNT_X, NOON, M, fixture_delivery, seed
from tests.live.servers import in_process
from tests.live.tenants import Tenant, create_account
from tests.live.wire import Site
from tests.server.http.conftest import ACCOUNT_Y
from tests.web.forms import Visitor
from trunkline.server.settings import Settings

SECRET = M["M11"]
"""Private to account X."""
LISTS = ("/", "/models", "/models?q=secret", "/models?q=acme", "/charts?chart=context&q=acme", "/costs?q=acme")


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Tenant, Tenant]]:
    home: Path = seed(tmp_path_factory.mktemp("tenants") / "home", [fixture_delivery()])
    keys = create_account(home, ACCOUNT_X), create_account(home, ACCOUNT_Y)
    with in_process(Settings(home=home), lambda: NOON) as site:
        yield Tenant(site, ACCOUNT_X, keys[0]), Tenant(site, ACCOUNT_Y, keys[1])


def visitors(site: Site, *keys: str) -> Iterator[Visitor]:
    """Yield a stranger, then somebody signed in with each key."""
    yield Visitor(site)
    for key in keys:
        visitor = Visitor(site)
        assert visitor.sign_in(key).status == 303
        yield visitor


def test_a_private_model_is_nobody_else_s(both: tuple[Tenant, Tenant]):
    x, y = both
    for visitor in visitors(x.site, y.management_key):
        for path in (f"/models/{SECRET}", f"/{SECRET}"):
            assert visitor.get(path).status == 404
        assert f"There is no model {SECRET}".encode() in visitor.get(f"/compare?models={SECRET}").body
        for path in LISTS:
            page = visitor.get(path)
            assert page.status == 200
            assert SECRET.encode() not in page.body, path
    (_, owner) = visitors(x.site, x.management_key)
    assert owner.get(f"/models/{SECRET}").status == 200
    assert b"There is no model" not in owner.get(f"/compare?models={SECRET}").body
    key = x.key("mine")
    assert (SECRET in key.models) == (SECRET.encode() in owner.get(f"/models?list=mine&key={key.hash}").body)


def test_a_key_of_another_account_is_no_key(both: tuple[Tenant, Tenant]):
    x, y = both
    key = y.key("theirs")
    (_, mine) = visitors(x.site, x.management_key)
    for path in (f"/models?key={key.hash}", f"/models/{M['M1']}?key={key.hash}", f"/charts?list=mine&key={key.hash}"):
        assert mine.get(path).status == 404, path
    assert b"theirs" not in mine.get("/models").body
    (_, theirs) = visitors(x.site, y.management_key)
    assert b"theirs" in theirs.get("/models").body
    assert theirs.get(f"/models?key={key.hash}").status == 200


def test_a_management_key_is_no_key_to_look_through(both: tuple[Tenant, Tenant]):
    x, _ = both
    own = x.get("/key").json()["data"]
    (_, mine) = visitors(x.site, x.management_key)
    listed = mine.get("/models").body
    assert own["label"].encode() not in listed
