"""Draws models, policies, preferences and statistics for the properties of plans."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from tests.server.domain.fixture import provider
from tests.server.domain.routing.scene import dollars, offer, text_model
from trunkline.server.domain.catalog.facts import Fact
from trunkline.server.domain.policy.layers import Layer, LayerName, Policy
from trunkline.server.domain.policy.restrictions import Restrictions
from trunkline.server.domain.routing.statistics import EndpointStatistics, Percentiles

MODELS = ("acme/m", "acme/n", "openai/o")
SLUGS = ("alpha", "beta", "gamma", "delta")
TAGS = tuple(f"{slug}{rest}" for slug in SLUGS for rest in ("", "/fp8", "/eu", "/flex", "/priority"))
PRICES = (1, 0, 1, 2, 2, 2.5, 2.5, 3.5, 3.5, None)
WINDOWS = (200_000, 0, 8192, 100)
QUANTIZATIONS = (None, "unknown", "fp8", "mxfp8", "bf16")
MERGED = {"partition": "none"}
WISHES = (
    "order", "only", "ignore", "require_parameters", "data_collection", "zdr", "enforce_distillable_text",
    "quantizations", "sort", "max_price",
)  # fmt: skip
PARAMETERS = ("tools", "tool_choice", "response_format", "seed", "max_tokens")


def data_policies() -> st.SearchStrategy[dict[str, bool]]:
    seldom_so = st.sampled_from((False, False, False, False, True))
    return st.fixed_dictionaries({"training": seldom_so, "retains": seldom_so}, optional={"publishes": seldom_so})


@st.composite
def offers(draw: st.DrawFn, model: str, number: int) -> Fact:
    usd = draw(st.sampled_from(PRICES))
    wire: dict[str, Any] = {
        "context_length": draw(st.sampled_from(WINDOWS)),
        "quantization": draw(st.sampled_from(QUANTIZATIONS)),
        "supported_parameters": draw(st.lists(st.sampled_from(PARAMETERS), unique=True)),
        "max_completion_tokens": draw(st.sampled_from((None, 10, 1000))),
    }
    if usd is None:
        wire["pricing"] = {"prompt": "-1", "completion": "-1"}
    elif draw(st.booleans()):
        wire["pricing"] = dollars(usd, overrides=[{"min_prompt_tokens": 5, "prompt": "0.00001"}])
    notes: dict[str, Any] = {
        "data_policy": draw(data_policies()),
        "regions": draw(st.lists(st.sampled_from(("eu", "us")), unique=True)),
    }
    if draw(st.integers(0, 5)) == 0:
        notes["private_to"] = draw(st.sampled_from((["acc"], ["other"])))
    return offer(draw(st.sampled_from(TAGS)), usd or 0, model, number, notes, **wire)


@st.composite
def catalogues(draw: st.DrawFn) -> list[Fact]:
    """Draw one model to three, each with up to six endpoints."""
    facts = [provider(slug, slug.title()) for slug in SLUGS]
    for model in MODELS[: draw(st.sampled_from((3, 2, 1)))]:
        facts.append(text_model(model, {"distillable": draw(st.booleans())}, context_length=200_000))
        facts += [draw(offers(model, number)) for number in range(draw(st.sampled_from((6, 7, 3, 8, 1, 0))))]
    return facts


def items() -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from((*TAGS, *SLUGS, *map(str.title, SLUGS), "nobody")), max_size=4)


def seldom(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Draw None seven times out of eight: what is restricted in every way at once leaves nothing to see."""
    return st.integers(0, 7).flatmap(lambda number: strategy if number == 5 else st.none())


def restrictions() -> st.SearchStrategy[Restrictions]:
    on = st.sampled_from((True, True, True, False))
    lists = st.lists(st.sampled_from((*SLUGS, *TAGS)), min_size=1, max_size=6).map(tuple)
    return st.builds(
        Restrictions,
        enable_paid_model_training=on,
        enable_free_model_training=on,
        enable_free_model_publication=on,
        allowed_providers=seldom(lists),
        ignored_providers=seldom(lists),
        enforce_zdr_other=seldom(st.just(value=True)),
        enforce_zdr_openai=seldom(st.just(value=True)),
        allowed_models=seldom(st.just(MODELS[:2])),
        ignored_models=seldom(st.just(MODELS[:1])),
    )


def policies() -> st.SearchStrategy[Policy]:
    layers = st.fixed_dictionaries({LayerName.ACCOUNT: restrictions()}, optional={LayerName.KEY: restrictions()})
    return st.builds(
        lambda stated, region, credentials: Policy(
            [Layer(name, name, value) for name, value in stated.items()],
            region=region,
            account_id="acc",
            credentials=credentials,
        ),
        layers,
        seldom(st.just("eu")),
        seldom(st.just(frozenset(SLUGS[:3]))),
    )


def wishes() -> st.SearchStrategy[dict[str, Any]]:
    """Draw a `provider` object without thresholds and without `allow_fallbacks`."""
    every = st.fixed_dictionaries(
        {
            "order": items(),
            "only": items(),
            "ignore": items(),
            "require_parameters": st.booleans(),
            "data_collection": st.sampled_from(("allow", "deny")),
            "zdr": st.booleans(),
            "enforce_distillable_text": st.booleans(),
            "quantizations": st.lists(st.sampled_from(("fp8", "bf16", "unknown")), max_size=2),
            "sort": st.sampled_from(
                (
                    "price",
                    "throughput",
                    "latency",
                    "exacto",
                    {"partition": "none"},
                    {"by": "price", "partition": "none"},
                )
            ),
            "max_price": st.sampled_from(({"prompt": 2}, {"prompt": "2", "completion": 3.5}, {"request": 0})),
        }
    )
    some = st.lists(st.sampled_from(WISHES), max_size=2, unique=True)
    return st.builds(lambda drawn, names: {name: drawn[name] for name in names}, every, some)


def percentiles() -> st.SearchStrategy[Percentiles]:
    return st.builds(Percentiles, *(st.sampled_from((1.0, 50.0, 900.0, 5000.0)) for _ in range(4)), st.just(9))


def seen() -> st.SearchStrategy[EndpointStatistics]:
    return st.builds(
        EndpointStatistics,
        latency=st.none() | percentiles(),
        throughput=st.none() | percentiles(),
        throughput_30m=st.none() | percentiles(),
        uptime_30m=st.none() | st.sampled_from((10.0, 80.0, 94.9, 100.0)),
        requests_30m=st.sampled_from((0, 99, 100)),
        tool_requests_2h=st.sampled_from((0, 200)),
        tool_success=st.none() | st.sampled_from((0.2, 0.99)),
        failures_30s=st.sampled_from((0, 1, 2)),
        attempts_30s=st.sampled_from((2, 4, 9)),
        cooling_until=st.sampled_from((0.0, 1e12)),
    )


def statistics() -> st.SearchStrategy[dict[str, EndpointStatistics]]:
    keys = st.builds(
        lambda model, tag, number: f"{model} {tag} {number}",
        st.sampled_from(MODELS),
        st.sampled_from(TAGS),
        st.integers(0, 5),
    )
    return st.dictionaries(keys, seen(), max_size=12)


def asked() -> st.SearchStrategy[dict[str, Any]]:
    """Draw what requests say beside models and preferences."""
    return st.fixed_dictionaries(
        {},
        optional={
            "tools": st.just([{"type": "function", "function": {"name": "f"}}]),
            "tool_choice": st.sampled_from(("auto", "required")),
            "response_format": st.sampled_from(({"type": "json_object"}, {"type": "text"})),
            "seed": st.just(1),
            "max_tokens": st.sampled_from((5, 500, 5000)),
            "service_tier": st.sampled_from(("flex", "priority", "default", "auto")),
        },
    )


def slugs() -> st.SearchStrategy[tuple[str, ...]]:
    """Draw the models of a request; the first one exists."""
    more = st.lists(
        st.sampled_from((*MODELS, "acme/nope", "acme/m:nitro", "acme/n:floor", "acme/m:exacto")), max_size=3
    )
    return more.map(lambda rest: (MODELS[0], *rest))
