"""Explanations and previews over sockets: what they say of a policy is what then happens."""

from __future__ import annotations

from typing import Any

import pytest

from tests.factories import M, ids
from tests.live.tenants import OWN, Key, Tenant


def explained(tenant: Tenant, key: Key, model: str, query: str = "") -> dict[str, Any]:
    """Return why a key sees a model or does not."""
    reply = tenant.get(f"{OWN}/explain?key_hash={key.hash}&model={model}{query}")
    assert reply.status == 200, reply
    data: dict[str, Any] = reply.json()["data"]
    return data


def follow(tenant: Tenant, change: list[dict[str, Any]]) -> None:
    """Make the changes that an explanation advises."""
    for one in change:
        path = f"{OWN}/account" if one["layer"] == "account" else f"/guardrails/{one['owner']}"
        before = tenant.get(path).json()["data"][one["setting"]]
        assert before == one["before"]
        tenant.changed("PATCH", path, {one["setting"]: one["after"]})


def test_a_listed_model_needs_no_change(x: Tenant):
    found = explained(x, x.key(), M["M1"])
    assert (found["listed"], found["change"], found["refused"], found["key_usable"]) == (True, [], None, True)
    assert [(row["tag"], row["passes"], row["failures"]) for row in found["endpoints"]] == [
        ("openai", True, []),
        ("azure", True, []),
    ]


@pytest.mark.parametrize("model", ["M1", "M2", "M3", "M4", "M5", "M6", "M8", "M10", "M11"])
def test_following_the_advice_makes_a_hidden_model_visible(x: Tenant, model: str):
    x.restrict(allowed_providers=["paidtrainer"], enforce_zdr_other=True, enforce_zdr_google=True)
    default = x.default_workspace()["default_guardrail_id"]
    x.changed(
        "PATCH", f"/guardrails/{default}", {"ignored_providers": ["azure", "freehost"], "enforce_zdr_openai": True}
    )
    key = x.under(allowed_models=[M["M7"]], ignored_models=[M["M2"]], enable_paid_model_training=False)
    found = explained(x, key, M[model])
    assert not found["listed"]
    assert M[model] not in key.models
    for endpoint in found["endpoints"]:
        assert endpoint["failures"]
        assert not endpoint["passes"]
        assert {one["layer"] for one in endpoint["failures"]} <= {
            "account",
            "workspace default guardrail",
            "key guardrail",
        }
    assert found["change"]
    assert len(found["change"]) == min(len(one["change"]) for one in found["endpoints"])
    follow(x, found["change"])
    assert M[model] in key.models
    assert explained(x, key, M[model])["change"] == []


def test_an_explanation_names_rule_layer_setting_and_owner(x: Tenant):
    guardrail = x.guardrail(ignored_providers=["deepinfra"])
    key = x.key()
    x.assign(guardrail, key)
    (endpoint,) = explained(x, key, M["M6"])["endpoints"]
    assert endpoint["failures"] == [
        {
            "rule": "ignored_providers",
            "layer": "key guardrail",
            "owner": guardrail,
            "setting": "ignored_providers",
            "value": ["deepinfra"],
        }
    ]
    assert endpoint["change"] == [
        {
            "layer": "key guardrail",
            "owner": guardrail,
            "setting": "ignored_providers",
            "before": ["deepinfra"],
            "after": None,
        }
    ]


def test_an_explanation_holds_for_the_host_that_is_asked(x: Tenant):
    key = x.key()
    there = explained(x, key, M["M3"], "&region=eu")
    assert (there["listed"], there["refused"], there["region"]) == (False, None, "eu")
    assert {one["failures"][0]["rule"] for one in there["endpoints"]} == {"region"}
    assert explained(x, key, M["M1"], "&region=us")["refused"] == "This account may not use the us host"
    through = x.get(f"{OWN}/explain?key_hash={key.hash}&model={M['M3']}", host="eu.models.test").json()["data"]
    assert through == there


def test_a_disabled_key_and_what_is_not_there_are_told_apart(x: Tenant):
    key = x.key()
    x.changed("PATCH", f"/keys/{key.hash}", {"disabled": True})
    assert explained(x, key, M["M1"])["key_usable"] is False
    x.get(f"{OWN}/explain?key_hash={key.hash}&model=acme/none").error(404)
    x.get(f"{OWN}/explain?key_hash={'0' * 64}&model={M['M1']}").error(404)
    issues = x.get(f"{OWN}/explain").error(400)["metadata"]["issues"]
    assert [issue["path"] for issue in issues] == ["key_hash", "model"]


def test_a_preview_is_what_saving_then_does(x: Tenant):
    wide, narrow = x.key("wide"), x.under(allowed_providers=["azure", "openai"])
    before = {key.hash: key.get("/models/user?output_modalities=all").ids for key in (wide, narrow)}
    draft = {"allowed_providers": ["azure", "google-vertex"], "enforce_zdr_openai": True}
    told = x.changed("POST", f"{OWN}/guardrails/preview", {"key_hashes": [wide.hash, narrow.hash], **draft})["data"]
    by_key = {key["hash"]: row for row in told for key in row["keys"]}
    x.assign(x.guardrail(**draft), wide, narrow)
    for key in (wide, narrow):
        after = key.get("/models/user?output_modalities=all").ids
        row = by_key[key.hash]
        assert (row["models"], row["of_models"]) == (len(after), len(before[key.hash]))
        assert row["lost"] == [model for model in before[key.hash] if model not in after]
        assert row["gained"] == [model for model in after if model not in before[key.hash]]
        assert row["summary"] == f"leaves {len(after)} of {len(before[key.hash])} models"


def test_a_preview_of_a_guardrail_that_exists_is_for_those_whom_it_governs(x: Tenant):
    member = x.made(f"{OWN}/members", {"email": "ada@example.com"})["data"]["id"]
    of_member, by_key, other = x.key("of member", creator_user_id=member), x.key("by key"), x.key("other")
    guardrail = x.guardrail(ignored_providers=["azure"])
    x.assign(guardrail, by_key)
    x.changed("POST", f"/guardrails/{guardrail}/assignments/members", {"member_user_ids": [member]})
    path = f"{OWN}/guardrails/preview"
    told = x.changed("POST", path, {"guardrail_id": guardrail, "ignored_models": [M["M1"]]})["data"]
    assert {key["name"] for row in told for key in row["keys"]} == {"of member", "by key"}
    assert {model for row in told for model in row["lost"]} == {M["M1"]}
    everybody = x.changed("POST", path, {"allowed_models": [M["M1"]]})["data"]
    assert {key["hash"] for row in everybody for key in row["keys"]} == {of_member.hash, by_key.hash, other.hash}
    default = x.default_workspace()
    by_workspace = x.changed("POST", path, {"workspace_id": default["id"], "allowed_providers": ["azure"]})["data"]
    assert sum(len(row["keys"]) for row in by_workspace) == 3
    assert other.models == ids("M11 M10 M3 M8 M2 M6 M4 M9 M1"), "a preview changes nothing"
    x.ask("POST", path, {"guardrail_id": guardrail, "key_hashes": [other.hash]}).error(400)
    x.ask("POST", path, {"allowed_models": ["acme/none"]}).error(400)


def test_the_account_is_changed_by_its_own_management_key_and_every_change_is_noted(x: Tenant):
    before = x.get(f"{OWN}/account").json()["data"]
    x.restrict(ignored_models=[M["M1"]], enforce_zdr_anthropic=True)
    after = x.get(f"{OWN}/account").json()["data"]
    assert after == before | {"ignored_models": ["openai/gpt-4-0613"], "enforce_zdr_anthropic": True}
    x.key("noted")
    trail = x.get(f"{OWN}/audit?limit=2").json()
    key, account = trail["data"]
    assert (key["action"], key["noun"], key["after"]["name"], key["before"]) == ("create", "key", "noted", None)
    assert (account["action"], account["noun"], account["noun_id"]) == ("update", "account", x.account_id)
    assert account["actor"]["via"] == "api"
    assert account["actor"]["address"] == "127.0.0.1"
    assert account["before"]["restrictions"]["ignored_models"] is None
    assert account["after"]["restrictions"]["ignored_models"] == ["openai/gpt-4-0613"]
    assert trail["next_before"] == account["id"]
    older = x.get(f"{OWN}/audit?before={account['id']}").json()
    assert older["data"]
    assert all(row["id"] < account["id"] for row in older["data"])
    assert [row["noun"] for row in x.get(f"{OWN}/audit?noun=key&noun_id={key['noun_id']}").json()["data"]] == ["key"]
    assert x.get(f"{OWN}/audit?before=1").json() == {"data": [], "next_before": None}
