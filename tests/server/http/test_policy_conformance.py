"""The numbered conformance cases of keys, guardrails, workspaces and what a key may see, each on a real server."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import insert

from tests.factories import ACCOUNT_X, NOON, M, ids
from tests.live.servers import in_process
from tests.live.tenants import OWN, Key, Tenant
from tests.live.wire import Reply, Site
from trunkline.server.adapters.store.account_tables import LEDGER
from trunkline.server.adapters.store.database import open_database
from trunkline.server.settings import Settings

ALL = ids("M11 M10 M3 M8 M2 M6 M4 M9 M1")
"""What a key of account X sees where nothing is configured, in catalogue order."""
EU = "eu.models.test"


def spend(home: Path, key: Key, usd: int, user: str = "") -> None:
    """Note that a key has spent something today."""
    database = open_database(home / "trunkline.db")
    with database.engine.begin() as connection:
        connection.execute(
            insert(LEDGER).values(
                account_id=ACCOUNT_X,
                key_hash=key.hash,
                day=int(NOON // 86400),
                workspace_id="",
                user_id=user,
                usage_pico=usd * 10**12,
                byok_pico=0,
                free_requests=0,
            )
        )
    database.close()


def of_x(names: str) -> list[str]:
    """Return ids in the order in which a list of account X has them."""
    wanted = set(ids(names))
    return [model for model in ALL if model in wanted]


def refused(reply: Reply, message: str = "Invalid request parameters") -> dict[str, Any]:
    """Check that a request was refused for its shape, and return the error."""
    error = reply.error(400)
    assert error["message"] == message
    return error


def test_48_a_private_model_is_there_for_its_account_only(x: Tenant, y: Tenant, server: Site):
    path = f"/model/{M['M11']}"
    assert server.get(path).error(404) == y.key().get(path).error(404) == server.get("/model/acme/none").error(404)
    for shown in (x.key().get(path), x.get(path)):
        assert shown.status == 200
        assert shown.json()["data"]["id"] == M["M11"]
    assert x.key().get(f"/models/{M['M11']}/endpoints").json()["data"]["endpoints"][0]["tag"] == "acme"
    server.get(f"/models/{M['M11']}/endpoints").error(404)
    y.key().get(f"/models/{M['M11']}/endpoints").error(404)


def test_49_measured_latency_is_for_callers_with_a_key(y: Tenant, server: Site):
    path = f"/models/{M['M1']}/endpoints"
    anonymous, keyed = server.get(path).json()["data"], y.key().get(path).json()["data"]
    for endpoint in anonymous["endpoints"]:
        assert endpoint["latency_last_30m"] is endpoint["throughput_last_30m"] is None
    for endpoint in keyed["endpoints"]:
        assert endpoint["latency_last_30m"].keys() == {"p50", "p75", "p90", "p99"}
        assert endpoint["throughput_last_30m"].keys() == {"p50", "p75", "p90", "p99"}
    assert [one.keys() for one in anonymous["endpoints"]] == [one.keys() for one in keyed["endpoints"]]
    assert server.get(path, authorization="Bearer garbage").json()["data"] == anonymous


def test_52_a_list_of_ones_own_takes_a_key_that_counts(x: Tenant, server: Site):
    path, key = "/models/user", x.key()
    assert server.get(path).error(401)["message"] == "Missing Authentication header"
    assert server.get(path, authorization="Bearer garbage").error(401)["message"] == "User not found."
    assert key.get(path).status == 200
    x.changed("PATCH", f"/keys/{key.hash}", {"disabled": True})
    key.get(path).error(401)
    x.changed("PATCH", f"/keys/{key.hash}", {"disabled": False})
    assert key.get(path).status == 200
    x.changed("DELETE", f"/keys/{key.hash}")
    key.get(path).error(401)


def test_52_an_expired_key_does_not_count(template: tuple[Path, str, str], home: Path):
    now = [NOON]
    with in_process(Settings(home=home), lambda: now[0]) as server:
        key = Tenant(server, ACCOUNT_X, template[1]).key(expires_at="2026-08-22T12:00:10Z")
        assert key.get("/models/user").status == 200
        now[0] = NOON + 10
        assert key.get("/models/user").error(401)["message"] == "User not found."
        assert key.get("/models").status == 200  # where no key is asked for, one that does not count is none


def test_53_with_nothing_configured_a_key_sees_all_but_what_trains_or_is_not_text(x: Tenant, y: Tenant):
    assert x.key().models == ALL
    reply = x.key().get("/models/user").json()
    assert (reply["total_count"], reply["links"]) == (9, {"next": None})
    assert y.key().models == [model for model in ALL if model != M["M11"]]
    assert Key(x.site, x.management_key, "").models == ALL


def test_53_every_filter_sort_and_page_of_the_full_list_works_on_the_own_one(x: Tenant):
    key = x.under(ignored_providers=["openai"])
    assert key.get("/models/user?output_modalities=all").ids == key.models  # M7 is hosted by openai alone
    assert key.get("/models/user?region=eu").ids == of_x("M1 M2 M10")
    # The endpoint of M1 that serves the us and passes is azure's; openai's would have served it, too.
    assert key.get("/models/user?providers=openai").ids == []
    assert key.get("/models/user?sort=pricing-high-to-low&limit=2").ids == ids("M1 M10")
    page = key.get("/models/user?sort=newest&limit=4&offset=4").json()
    assert page["links"]["next"] == "/api/v1/models/user?sort=newest&offset=8&limit=4"
    assert page["total_count"] == 9
    rest = key.get(f"/{page['links']['next']}")
    assert rest.ids == ALL[8:]
    assert rest.json()["links"]["next"] is None
    for wrong in ("limit=0", "sort=cheapest", "offset=-1"):
        refused(key.get(f"/models/user?{wrong}"))
    assert key.get("/models/user?use_rss=true").headers["content-type"] == "application/json"


def test_53_rows_are_those_of_the_public_list(x: Tenant, server: Site):
    own = {row["id"]: row for row in x.key().get("/models/user").json()["data"]}
    public = {row["id"]: row for row in server.get("/models").json()["data"]}
    assert {model: row for model, row in own.items() if model in public} == {
        model: row for model, row in public.items() if model in own
    }


def test_54_free_models_that_train_and_publish_take_two_permissions(x: Tenant):
    key = x.key()
    x.restrict(enable_free_model_training=True)
    assert M["M5"] not in key.models
    x.restrict(enable_free_model_publication=True)
    assert M["M5"] in key.models


def test_55_paid_training_is_permitted_by_the_account_and_taken_back_by_the_workspace(x: Tenant):
    key = x.key()
    x.restrict(allowed_providers=["paidtrainer"])
    assert key.get("/models/user").json() == {"data": [], "total_count": 0, "links": {"next": None}}
    x.restrict(enable_paid_model_training=True)
    assert key.models == of_x("M4 M9")
    default = x.default_workspace()["default_guardrail_id"]
    x.changed("PATCH", f"/guardrails/{default}", {"enable_paid_model_training": False})
    assert key.models == []


def test_56_to_58_a_guardrail_governs_what_it_is_assigned_to_and_a_key_has_one(x: Tenant):
    key = x.key()
    first = x.guardrail(allowed_models=[M["M1"]])
    assert x.get(f"/guardrails/{first}").json()["data"]["allowed_models"] == ["openai/gpt-4-0613"]
    assert key.models == ALL
    assert x.assign(first, key) == 1
    assert key.models == of_x("M1 M9")
    second = x.guardrail(allowed_models=["anthropic/claude-sonnet-4-5"])
    assert x.assign(second, key) == 1
    assert key.models == of_x("M2 M10 M9")
    assert x.get(f"/guardrails/{first}/assignments/keys").json() == {"data": [], "total_count": 0}
    (assigned,) = x.get("/guardrails/assignments/keys").json()["data"]
    assert (assigned["key_hash"], assigned["guardrail_id"]) == (key.hash, second)


def test_59_member_and_key_guardrail_hold_on_one_endpoint(x: Tenant):
    member = x.made(f"{OWN}/members", {"email": "ada@example.com"})["data"]["id"]
    key = x.key(creator_user_id=member)
    of_member = x.guardrail(allowed_providers=["openai", "azure"])
    path = f"/guardrails/{of_member}/assignments/members"
    assert x.changed("POST", path, {"member_user_ids": [member]}) == {"assigned_count": 1}
    assert x.assign(x.guardrail(allowed_providers=["azure", "deepinfra"]), key) == 1
    assert key.models == of_x("M1 M9")


def test_60_a_provider_of_the_account_narrowed_to_a_tag_by_the_key(x: Tenant):
    x.restrict(allowed_providers=["google-vertex"])
    assert x.under(allowed_providers=["google-vertex/europe"]).models == of_x("M2 M10 M9")


def test_61_ignored_beats_allowed(x: Tenant):
    key = x.under(allowed_providers=["azure"], ignored_providers=["azure"])
    assert key.get("/models/user").json() == {"data": [], "total_count": 0, "links": {"next": None}}


def test_62_zero_retention_is_asked_of_a_group_of_models(x: Tenant):
    key, default = x.key(), x.default_workspace()["default_guardrail_id"]
    x.changed("PATCH", f"/guardrails/{default}", {"enforce_zdr_openai": True})
    assert key.models == [model for model in ALL if model != M["M6"]]
    x.changed("PATCH", f"/guardrails/{default}", {"enforce_zdr_openai": None, "enforce_zdr_other": True})
    assert M["M6"] in key.models


def test_63_a_layer_cannot_take_back_what_another_one_asks(x: Tenant):
    x.restrict(enforce_zdr_anthropic=True, allowed_providers=["anthropic"])
    assert x.under(enforce_zdr_anthropic=False).models == []
    x.restrict(enforce_zdr_anthropic=None)
    assert x.key().models == of_x("M2 M10 M9")


def test_64_the_old_switch_goes_to_every_group_that_is_not_named(x: Tenant):
    made = x.made("/guardrails", {"name": "g", "enforce_zdr": True, "enforce_zdr_openai": False})["data"]
    groups = {group: made[f"enforce_zdr_{group}"] for group in ("anthropic", "openai", "google", "xai", "other")}
    assert groups == {"anthropic": True, "openai": False, "google": True, "xai": True, "other": True}
    assert made["enforce_zdr"] is None


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"name": "g", "allowed_providers": []}, "allowed_providers"),
        ({"name": "g", "limit_usd": 5}, "reset_interval"),
        ({}, "body"),
    ],
)
def test_65_guardrails_of_a_wrong_shape_are_refused(x: Tenant, body: Mapping[str, Any], path: str):
    issues = refused(x.ask("POST", "/guardrails", body))["metadata"]["issues"]
    assert issues[0]["path"] == path, issues
    assert x.get("/guardrails").json() == {"data": [], "total_count": 0}


def test_66_the_default_guardrail_is_made_by_its_first_change(x: Tenant):
    key, default = x.key(), x.default_workspace()["default_guardrail_id"]
    path = f"/guardrails/{default}"
    assert UUID(default).version == 5
    x.get(path).error(404)
    assert key.models == ALL
    changed = x.changed("PATCH", path, {"allowed_providers": ["azure"]})["data"]
    assert changed["name"] == f"Workspace {x.default_workspace()['id']} Default"
    assert key.models == of_x("M1 M9")
    refused(x.ask("PATCH", path, {"name": "x"}))
    assert x.ask("PATCH", path, {"name": changed["name"]}).status == 200
    assert x.changed("DELETE", path) == {"deleted": True}
    assert key.models == ALL


def test_67_an_exhausted_budget_hides_nothing_and_is_told(x: Tenant, home: Path):
    key = x.under(limit_usd=5, reset_interval="daily")
    seen = key.models
    spend(home, key, 5)
    assert key.models == seen
    data = key.get("/key").json()["data"]
    blocking = data["effective_budget"]
    assert blocking == data["budgets"][0]
    assert blocking["scope"] == "api_key"
    assert (blocking["limit_usd"], blocking["spend_usd"], blocking["remaining_usd"]) == (5, 5, 0)
    assert blocking["resets_at"] == "2026-08-23T00:00:00Z"
    assert (data["usage"], data["usage_daily"], data["limit"]) == (5, 5, None)


def test_68_a_regional_host_is_for_those_entitled_and_narrows_to_its_region(x: Tenant, y: Tenant, server: Site):
    listed = server.get("/models", host=EU)
    assert listed.ids == server.get("/models?region=eu").ids == ids("M10 M2 M1")
    key = x.key()
    assert key.get("/models/user", host=EU).ids == ids("M10 M2 M1")
    assert key.models == ALL
    y.key().get("/models/user", host=EU).error(403)
    key.get("/models/user", host="us.models.test").error(403)
    assert y.key().get("/models", host=EU).ids == listed.ids


def test_69_an_alias_goes_with_its_model_and_a_variant_stays_by_itself(x: Tenant):
    assert x.under(ignored_models=[M["M2"]]).models == [m for m in ALL if m not in ids("M2 M10")]
    x.restrict(enable_free_model_training=True, enable_free_model_publication=True)
    without = x.under(ignored_models=[M["M4"]]).models
    assert M["M4"] not in without
    assert M["M5"] in without


def test_70_management_takes_a_management_key(y: Tenant, server: Site):
    key = y.key()
    for path in ("/guardrails", "/keys", "/workspaces", "/activity"):
        assert key.get(path).error(403)["message"] == "Only management keys can perform this operation"
        assert server.get(path).error(401)["message"] == "Missing Authentication header"


def test_71_a_key_is_shown_once_and_known_by_its_hash(x: Tenant):
    made = x.made("/keys/", {"name": "slash"})
    assert re.fullmatch("sk-or-v1-[0-9a-f]{64}", made["key"])
    assert made["data"]["hash"] == hashlib.sha256(made["key"].encode()).hexdigest()
    assert Key(x.site, made["key"], "").get("/key").status == 200
    again = x.get(f"/keys/{made['data']['hash']}")
    assert again.json() == {"data": made["data"] | {"last_used_at": "2026-08-22T12:00:00Z"}}
    assert made["key"] not in again.body.decode()
    assert made["key"] not in x.get("/keys").body.decode()


def test_72_keys_of_a_wrong_shape_are_refused(x: Tenant):
    refused(x.ask("POST", "/keys", {"name": "k", "expires_at": "2027-01-01T00:00:00+02:00"}))
    refused(x.ask("POST", "/keys", {"name": "k", "expires_at": "2027-01-01T00:00:00"}))
    refused(x.ask("POST", "/keys", {"name": "k", "expires_at": "2020-01-01T00:00:00Z"}))
    key = x.key()
    for body in ({}, {"foo": 1}):
        refused(x.ask("PATCH", f"/keys/{key.hash}", body), "No update fields provided")


def test_73_a_deleted_key_is_gone_with_its_assignment(x: Tenant):
    key = x.under(allowed_providers=["azure"])
    assert x.changed("DELETE", f"/keys/{key.hash}") == {"deleted": True}
    x.ask("DELETE", f"/keys/{key.hash}").error(404)
    assert x.get("/guardrails/assignments/keys").json() == {"data": [], "total_count": 0}


def test_74_budgets_shrink_with_their_interval(x: Tenant):
    path = f"/workspaces/{x.default_workspace()['id']}/budgets"
    monthly = x.changed("PUT", f"{path}/monthly", {"limit_usd": 500})
    assert (monthly["data"]["limit_usd"], monthly["data"]["reset_interval"]) == (500, "monthly")
    assert x.ask("PUT", f"{path}/weekly", {"limit_usd": 600}).error(400)["message"] == (
        "Budget limits must be strictly decreasing as scope narrows: "
        "the monthly limit ($500) must be greater than the weekly limit ($600)."
    )
    x.ask("PUT", f"{path}/weekly", {"limit_usd": 500}).error(400)
    assert x.ask("PUT", f"{path}/weekly", {"limit_usd": 499}).status == 200
    assert x.changed("DELETE", f"{path}/daily") == {"deleted": True}
    x.get(f"{path}/daily").error(404)
    x.get(f"{path}/yearly").error(400)


def test_75_a_workspace_has_a_slug_of_its_own(x: Tenant):
    made = x.made("/workspaces", {"name": "Team", "slug": "team"})["data"]
    refused(x.ask("POST", "/workspaces", {"name": "Team", "slug": "Bad--Slug"}))
    refused(x.ask("POST", "/workspaces", {"name": "Team", "slug": "team"}))
    refused(x.ask("POST", "/workspaces", {"name": "Team", "slug": str(uuid4())}))
    assert x.get("/workspaces/team").json() == x.get(f"/workspaces/{made['id']}").json() == {"data": made}


def test_76_a_workspace_with_an_active_key_stays(x: Tenant):
    made = x.made("/workspaces", {"name": "Team", "slug": "team"})["data"]
    key = x.key(workspace_id=made["id"])
    x.ask("DELETE", "/workspaces/team").error(400)
    assert x.get("/workspaces/team").json()["data"] == made
    assert key.models == ALL
    x.changed("PATCH", f"/keys/{key.hash}", {"disabled": True})
    assert x.changed("DELETE", "/workspaces/team") == {"deleted": True}
    x.get("/workspaces/team").error(404)
    x.changed("PATCH", f"/keys/{key.hash}", {"disabled": False})
    key.get("/models/user").error(403)
    assert key.get("/key").json()["data"]["workspace_id"] is None


def test_78_a_filtered_catalogue_is_for_the_keys_of_its_account(x: Tenant, y: Tenant, server: Site):
    key, narrow, public = x.key(), x.under(allowed_providers=["azure"]), server.get("/models")
    assert key.get("/models").ids == public.ids
    x.changed("PATCH", "/organization/settings", {"is_filtered_model_catalog_enabled": True})
    for _ in range(2):  # kept answers the second time
        assert key.get("/models").ids == ALL
        assert narrow.get("/models").ids == of_x("M1 M9")
        assert y.key().get("/models").ids == server.get("/models").ids == public.ids
    assert narrow.get("/models/count").json() == {"data": {"count": 2}}
    own = narrow.get("/models")
    assert own.headers["cache-control"] == "private, no-cache"
    assert "Authorization" in own.headers["vary"]
    assert own.headers["etag"] != public.headers["etag"]
    assert narrow.get("/models", if_none_match=own.headers["etag"]).status == 304
    assert narrow.get("/models", if_none_match=public.headers["etag"]).status == 200


def test_every_case_of_keys_and_policies_is_tried():
    named = [re.match(r"test_(\d+)(?:_to_(\d+))?_", name) for name in globals()]
    tried = {number for found in named if found for number in range(int(found[1]), int(found[2] or found[1]) + 1)}
    assert tried == {48, 49, *range(52, 77), 78}
