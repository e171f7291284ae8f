"""`list_for_user` against the real operation: one key's own list."""

from __future__ import annotations

import pytest

from tests.client.conftest import Call
from tests.factories import NOON, fixture_delivery, seed
from tests.live.servers import process
from tests.live.tenants import Tenant, create_account
from trunkline import OpenRouter, errors, operations


@pytest.fixture(scope="module")
def tenant(tmp_path_factory: pytest.TempPathFactory):
    home = seed(tmp_path_factory.mktemp("for-user") / "home", [fixture_delivery()])
    account = "5f0c1f3a-1c5b-4b3e-9d58-4b8a9f3a7d11"
    key = create_account(home, account, now=lambda: NOON)
    with process(home) as site:
        yield Tenant(site, account, key)


def test_the_client_reads_what_one_key_may_see(tenant: Tenant, call: Call):
    made = tenant.ask("POST", "/keys", {"name": "reader"}).json()
    security = operations.ListModelsUserSecurity(bearer=made["key"])
    with OpenRouter(server_url=tenant.site.url, retry_config=None) as client:
        listed = call(client, "models.list_for_user", security=security)
        ids = [model.id for model in listed.data]
    own = tenant.get("/models/user", authorization=f"Bearer {made['key']}").ids
    assert ids == own
    assert "openai/gpt-4" in ids
    assert "meta-llama/llama-3.3-70b-instruct:free" not in ids, "it trains, and nobody has allowed that"


def test_a_key_that_nobody_knows_is_a_typed_error(tenant: Tenant, call: Call):
    with (
        OpenRouter(server_url=tenant.site.url, retry_config=None) as client,
        pytest.raises(errors.UnauthorizedResponseError) as raised,
    ):
        call(client, "models.list_for_user", security=operations.ListModelsUserSecurity(bearer="garbage"))
    assert raised.value.data.error.code == 401
