"""Private models and endpoints: there for those whom they name, and for nobody else in any way (spec 5.12)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.server.domain.fixture import alias, built, endpoint, latest, model, provider, row, selection, snapshot
from trunkline.server.domain.catalog.facts import Fact
from trunkline.server.domain.catalog.snapshot import Snapshot
from trunkline.server.domain.policy.explain import explain
from trunkline.server.domain.policy.layers import Policy
from trunkline.server.domain.policy.visibility import cache_key, visible

MINE = frozenset({"mine"})
SAFE = {"training": False, "retains": False}
ROUTER = {"architecture": {"modality": "text->text", "tokenizer": "Router"}}


def notes(private_to: list[str] | None = None) -> dict[str, Any]:
    return {"data_policy": SAFE} | ({} if private_to is None else {"private_to": private_to})


def private(*names: str) -> dict[str, Any]:
    return {"private_to": list(names)}


def sees(of: Snapshot, *who: str) -> list[str]:
    """Return the ids of the rows that a key of account (and user) `who` sees."""
    account, user = (*who, None, None)[:2]
    return [of.rows[p].id for p in visible(of, Policy(account_id=account, user_id=user)).rows.nonzero()[0].tolist()]


def both(model_private: list[str], endpoint_private: list[str]) -> Snapshot:
    return snapshot([model("a/m", {"private_to": model_private}), endpoint("a/m", "p", notes=notes(endpoint_private))])


@pytest.mark.parametrize(
    ("model_private", "endpoint_private", "who", "seen"),
    [
        (["mine"], ["mine"], ["mine"], True),
        (["mine"], ["other"], ["mine"], False),
        (["other"], ["mine"], ["mine"], False),
        (["mine"], ["me"], ["mine", "me"], True),
        (["mine"], ["me"], ["mine"], False),
        (["other", "mine"], ["mine"], ["mine"], True),
        ([], ["mine"], ["mine"], False),
        (["mine"], [], ["mine"], False),
    ],
)
def test_a_private_endpoint_of_a_private_model_asks_for_both(
    model_private: list[str], endpoint_private: list[str], who: list[str], seen: bool
):
    assert sees(both(model_private, endpoint_private), *who) == (["a/m"] if seen else [])


def test_a_row_that_always_names_the_newest_is_as_private_as_its_target_and_as_itself():
    of = snapshot(
        [
            model("a/open"),
            endpoint("a/open", "p", notes=notes()),
            model("a/closed", private("mine")),
            endpoint("a/closed", "p", notes=notes()),
            latest("~a/one-latest", "a/open", notes=private("mine")),
            latest("~a/two-latest", "a/closed"),
            latest("~a/three-latest", "a/closed", notes=private("me")),
        ]
    )
    assert [seen.id for seen in of.public()] == ["a/open"]
    assert selection(of).total == 1
    assert sees(of, "nobody") == ["a/open"]
    assert set(sees(of, "mine")) == {"a/open", "a/closed", "~a/one-latest", "~a/two-latest"}
    assert set(sees(of, "mine", "me")) == {found.id for found in of.rows}
    assert of.find("~a/three-latest", MINE) is None


def test_a_private_router_is_listed_for_its_own_alone():
    of = snapshot(
        [
            model("a/open"),
            endpoint("a/open", "p", notes=notes()),
            model("openrouter/auto", private("mine"), **ROUTER),
            latest("~openrouter/auto-latest", "openrouter/auto"),
        ]
    )
    assert set(sees(of, "other")) == {"a/open"}
    assert set(sees(of, "mine")) == {found.id for found in of.rows}


def test_a_router_that_no_call_can_follow_is_in_no_list_of_a_key():
    of = snapshot(
        [
            model("a/open"),
            endpoint("a/open", "p", notes=notes()),
            model("openrouter/auto", **ROUTER),
            model("openrouter/fusion", **ROUTER),
        ]
    )
    assert set(sees(of, "anybody")) == {"a/open", "openrouter/auto"}


def test_the_free_router_wants_a_free_model():
    paid: list[Fact] = [model("a/m"), endpoint("a/m", "p", notes=notes())]
    free: list[Fact] = [model("a/m:free"), endpoint("a/m:free", "p", notes=notes())]
    routers: list[Fact] = [model("openrouter/free", **ROUTER), model("openrouter/auto", **ROUTER)]
    assert set(sees(snapshot([*paid, *routers]), "x")) == {"a/m", "openrouter/auto"}
    assert set(sees(snapshot([*free, *routers]), "x")) == {"a/m:free", "openrouter/auto", "openrouter/free"}


def test_a_router_of_routers_is_no_candidate():
    """A router, and the row that stands for one, need a model that answers by itself."""
    routers = [model("openrouter/auto", **ROUTER), latest("~openrouter/any-latest", "openrouter/auto")]
    assert sees(snapshot(routers), "x") == []


def test_a_public_row_says_nothing_of_a_private_endpoint():
    own = {"prompt": "0.1", "completion": "0.1"}
    public = [model("a/m"), endpoint("a/m", "p", notes=notes(), pricing={"prompt": "1", "completion": "1"})]
    hidden = endpoint(
        "a/m", "secret", 0, notes(["mine"]), pricing=own, supported_parameters=["secret"], context_length=9
    )
    with_private, without = snapshot([*public, hidden]), snapshot(public)
    assert row(with_private, "a/m") == row(without, "a/m")
    found = with_private.find("a/m", MINE)
    assert found is not None
    assert [offer.provider for offer in found.endpoints] == ["p", "secret"]
    assert selection(with_private, ("providers", "secret")).total == 0
    for_stranger = explain(with_private, with_private.rows[0], Policy(account_id="other"))
    assert [judged.endpoint.provider for judged in for_stranger.endpoints] == ["p"]


def test_a_private_row_shows_what_its_private_endpoint_offers():
    of = snapshot(
        [
            model("a/m", private("mine")),
            endpoint("a/m", "p", notes=notes(["mine"]), pricing={"prompt": "2", "completion": "2"}),
        ]
    )
    found = of.find("a/m", MINE)
    assert found is not None
    assert found.decode()["pricing"] == {"prompt": "2", "completion": "2"}


def test_a_public_row_is_found_by_a_canonical_slug_that_a_private_one_shares():
    of = snapshot(
        [
            model("a/old", canonical_slug="a/m-2026", created=1),
            model("a/new", private("mine"), canonical_slug="a/m-2026", created=2),
        ]
    )
    found = of.find("a/m-2026")
    assert found is not None
    assert found.id == "a/old"


@pytest.mark.parametrize("slug", ["a/m", "A/M", "a/m:nitro", "a/m-2026", "b/alias", "b/alias:floor"])
def test_no_name_of_a_private_model_leads_a_stranger_to_it(slug: str):
    of = snapshot([model("a/m", private("mine"), canonical_slug="a/m-2026"), alias("b/alias", "a/m")])
    assert of.find(slug) is None
    assert of.find(slug, frozenset({"other"})) is None
    assert of.find(slug, frozenset()) is None
    assert of.find(slug, MINE) is not None


def test_a_provider_of_private_endpoints_alone_is_not_listed():
    of = snapshot(
        [
            provider("inside"),
            provider("both"),
            provider("idle"),
            model("a/m"),
            endpoint("a/m", "inside", notes=notes(["mine"])),
            endpoint("a/m", "both", notes=notes(["mine"])),
            endpoint("a/m", "both", 1, notes=notes()),
        ]
    )
    assert {known["slug"] for known in of.providers} == {"both", "idle"}


def test_answers_are_shared_by_all_to_whom_nothing_is_private():
    of = both(["mine"], ["mine"])
    mine, one, two = (cache_key(of, Policy(account_id=who)) for who in ("mine", "one", "two"))
    assert one == two != mine


@pytest.mark.parametrize("wrong", ["mine", 5, [5], {"mine": True}])
def test_a_model_whose_owners_cannot_be_read_is_left_out_rather_than_shown(wrong: Any):
    of, problems = built([model("a/m", {"private_to": wrong}), model("b/n"), endpoint("b/n", "p", notes=notes())])
    assert [found.id for found in of.rows] == ["b/n"]
    assert [problem.row for problem in problems] == ["a/m"]
    of, problems = built([model("b/n"), endpoint("b/n", "p", notes={"private_to": wrong})])
    assert of.rows[0].endpoints == ()
    assert [problem.row for problem in problems] == ["b/n p 0"]


def test_a_regional_host_does_not_list_a_model_for_a_private_endpoint_s_region():
    inside = {**notes(["mine"]), "regions": ["eu"]}
    of = snapshot([model("a/m"), endpoint("a/m", "p", notes=notes()), endpoint("a/m", "q", notes=inside)])
    assert selection(of, region="eu").total == 0
    assert selection(of, ("region", "eu")).total == 0
    of_eu = visible(of, Policy(account_id="mine", region="eu"))
    assert of_eu.rows.tolist() == [True]
    assert of_eu.lines.tolist() == [False, True]
