"""The routers: which models they choose, and in which order (docstring of `routers.py`)."""

from __future__ import annotations

from collections import Counter
from random import Random
from typing import Any

from tests.server.domain.fixture import model
from tests.server.domain.routing.scene import (
    EMBEDDINGS,
    TEXT,
    TOOLS,
    account,
    dollars,
    offer,
    planned,
    pools,
    text_model,
)
from trunkline.server.domain.policy.layers import Policy
from trunkline.server.domain.routing.plan import Plan
from trunkline.server.domain.routing.pools import Pools


def router(slug: str) -> Any:
    return model(slug, architecture={**TEXT, "tokenizer": "Router"})


def scored(key: str, usd: float, score: float | None, **wire: Any) -> list[Any]:
    benchmarks = {
        "design_arena": [],
        "artificial_analysis": {"intelligence_index": score, "coding_index": None, "agentic_index": None},
    }
    stated = {} if score is None else {"benchmarks": benchmarks}
    return [text_model(key, **stated, **wire), offer("alpha", usd, key)]


def world(*more: Any) -> Pools:
    return pools(
        router("openrouter/auto"), router("openrouter/free"), router("openrouter/fusion"),
        *scored("a/cheap-good", 1, 60), *scored("a/cheap-weak", 1, 20), *scored("a/cheap-unknown", 0.5, None),
        *scored("a/dear-best", 20, 90), *scored("a/dear-weak", 30, 10),
        *scored("a/m:free", 0, 99), *more,
    )  # fmt: skip


def models(of: Plan) -> list[str]:
    return list(dict.fromkeys(candidate.model for candidate in of.candidates))


def test_auto_takes_the_best_of_the_cheaper_half():
    made = planned(world(), "openrouter/auto")
    assert models(made) == ["a/cheap-good", "a/cheap-weak", "a/cheap-unknown"]
    assert (made.strategy, made.requested) == ("auto", ("openrouter/auto",))


def test_auto_takes_what_was_used_most_before_the_table():
    made = planned(world(), "openrouter/auto", given={"usage": {"a/dear-weak": 10, "a/cheap-weak": 90, "gone/x": 5}})
    assert models(made) == ["a/cheap-weak", "a/dear-weak", "a/cheap-good"]


def test_auto_passes_over_what_cannot_serve_the_request():
    tools = {"supported_parameters": ["tools"]}
    of = world(*scored("b/able", 25, 5, **tools))
    assert models(planned(of, "openrouter/auto", tools=TOOLS)) == ["b/able"]
    assert models(planned(of, "openrouter/auto", provider={"max_price": {"prompt": 0.7}})) == [
        "a/cheap-unknown",
        "a/m:free",
    ]


def test_auto_keeps_to_the_policy_and_takes_variants_last():
    policy = account(allowed_models=("a/dear-weak", "a/m:free"))
    assert models(planned(world(), "openrouter/auto", policy=policy)) == ["a/dear-weak", "a/m:free"]


def test_a_router_without_a_model_says_so():
    made = planned(world(), "openrouter/auto", policy=account(allowed_models=("x/y",)))
    assert made.refusal is not None
    assert (made.refusal.status, made.refusal.message) == (404, "No models match your request and model restrictions")
    for policy in (account(ignored_models=("openrouter/auto",)), Policy(region="eu")):
        assert planned(world(), "openrouter/auto", policy=policy).candidates == ()
    assert planned(world(), "openrouter/fusion").candidates == ()


def test_a_router_may_be_one_of_several_models():
    made = planned(world(), "a/dear-weak", "openrouter/auto")
    assert (models(made)[0], made.strategy) == ("a/dear-weak", "fallback")
    assert len(models(made)) == 4


def test_auto_does_not_choose_what_writes_no_text():
    of = pools(router("openrouter/auto"), text_model("a/e", architecture=EMBEDDINGS), offer("alpha", 1, "a/e"))
    assert planned(of, "openrouter/auto").candidates == ()


def test_free_draws_lots_among_free_models_and_uses_their_free_endpoints_alone():
    of = world(
        text_model("b/mixed"),
        offer("alpha", 5, "b/mixed"),
        offer("beta", 0, "b/mixed", pricing=dollars(0)),
        *scored("c/n:free", 0, None),
    )
    chance = Random(3).random
    firsts = Counter(models(planned(of, "openrouter/free", chance=chance))[0] for _ in range(900))
    assert firsts.keys() == {"a/m:free", "b/mixed", "c/n:free"}
    assert all(250 < count < 350 for count in firsts.values())
    made = planned(of, "openrouter/free")
    assert made.strategy == "free"
    assert all(candidate.target.prices(0).blend == 0 for candidate in made.candidates)
    assert len(models(made)) == 3


def test_free_passes_over_what_cannot_serve_the_request():
    of = world(*scored("c/n:free", 0, None, supported_parameters=["tools"]))
    for chance in (lambda: 0.0, lambda: 0.99):
        assert models(planned(of, "openrouter/free", chance=chance, tools=TOOLS)) == ["c/n:free"]


def test_auto_stays_with_the_model_that_a_conversation_has():
    kept = {"remembered": {"openrouter/auto": "a/dear-weak alpha 0"}.get}
    assert models(planned(world(), "openrouter/auto", given=kept))[0] == "a/dear-weak"
    assert models(planned(world(), "openrouter/auto", given={**kept, "usage": {"a/cheap-weak": 9}}))[:2] == [
        "a/dear-weak",
        "a/cheap-weak",
    ]
    cheap = {"max_price": {"prompt": 2}}
    assert models(planned(world(), "openrouter/auto", given=kept, provider=cheap))[0] == "a/cheap-good"
