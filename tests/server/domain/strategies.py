"""Random catalogues and random list requests, drawn from small pools so that they meet."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from tests.server.domain.fixture import NOW, alias, endpoint, latest, model, provider
from trunkline.server.domain.catalog import vocabulary
from trunkline.server.domain.catalog.facts import Fact
from trunkline.server.domain.catalog.sorts import SORTS

Pair = tuple[str, str]
DAY = 86_400

AUTHORS = ("openai", "google", "x-ai", "meta-llama")
STEMS = ("gpt-4", "gemini-3", "llama-3.3-70b", "k", "grok.5")
PROVIDERS = {"openai": "OpenAI", "google-vertex": "Google", "google-ai-studio": "Google AI Studio", "acme": "Acme"}
PRICES = (
    "0", "0.0", "0.0000001", "0.00000010", "0.0000005", "0.000003", "0.00003", "1", "-1",
    "0.00000010000000000000000000000000000001",
)  # fmt: skip
"""Amounts that only exact arithmetic tells apart, equal ones written differently, free and unknown."""
BOUNDS = ("0", "-0", "0.1", "0.10", "1e-1", "0.5", "3", "30", "1e6", "0.10000000000000000000000000000001", " 3 ", "")
SCORES = (0, 55.8, 63.2, 68, 71.4, None)
TOKENIZERS = ("GPT", "Llama2", "Llama3", "Llama4", "Qwen", "Qwen3", "Router", "Other")
PARAMETERS = ("tools", "temperature", "reasoning", "top_p")
CREATED = (0, NOW - 400 * DAY, NOW - 30 * DAY - 1, NOW - 30 * DAY, NOW - 30 * DAY + 1, NOW - 29 * DAY, NOW, NOW + DAY)
CONTEXTS = (None, 0, 8192, 131071, 131072, 1_000_000)

model_ids = st.builds(
    lambda author, stem, variant: f"{author}/{stem}{variant}",
    st.sampled_from(AUTHORS),
    st.sampled_from(STEMS),
    st.sampled_from(("", "", "", ":free", ":batch")),
)
hhmm = st.builds(
    lambda hour, minute: hour * 100 + minute, st.integers(0, 23), st.sampled_from((0, 1, 30, 59))
) | st.just(2400)
prices = st.sampled_from(PRICES)


def subsets(words: tuple[str, ...], at_least: int = 0) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(words), min_size=at_least, max_size=3, unique=True)


@st.composite
def overrides(draw: st.DrawFn) -> dict[str, Any]:
    """Draw one entry of `pricing.overrides`: any conditions, any prices."""
    entry: dict[str, Any] = {}
    for name, values in (
        ("utc_start", hhmm),
        ("utc_end", hhmm),
        ("utc_days", subsets((*vocabulary.WEEKDAYS, "sat", "Sun"))),
        ("min_prompt_tokens", st.sampled_from((0, 200_000))),
        ("prompt", prices),
        ("completion", prices),
        ("input_cache_read", prices),
    ):
        if draw(st.booleans()):
            entry[name] = draw(values)
    return entry


@st.composite
def pricings(draw: st.DrawFn) -> dict[str, Any]:
    """Draw a pricing object, one in three with overrides."""
    priced: dict[str, Any] = {"prompt": draw(prices), "completion": draw(prices)}
    for name in ("request", "web_search"):
        if draw(st.integers(0, 4)) == 0:
            priced[name] = draw(prices)
    if draw(st.integers(0, 2)) == 0:
        priced["overrides"] = draw(st.lists(overrides(), max_size=3))
    return priced


def policies() -> st.SearchStrategy[dict[str, Any]]:
    """Draw a data policy, each of its members stated or not."""
    return st.fixed_dictionaries(
        {},
        optional={
            "training": st.sampled_from((True, False, False, None)),
            "retains": st.sampled_from((True, False, None)),
            "retention_days": st.sampled_from((0, 30, None)),
        },
    )


def regions() -> st.SearchStrategy[list[str]]:
    return subsets(("eu", "us", "apac"))


@st.composite
def models(draw: st.DrawFn, key: str) -> Fact:
    """Draw a model of an id that states any part of what it may state."""
    inputs, outputs = subsets(vocabulary.INPUT_MODALITIES, 1), subsets(("text", "image", "embeddings"), 1)
    wire = draw(
        st.fixed_dictionaries(
            {
                "name": st.sampled_from(("GPT 4", "Größe K", "Gemini: 3 Flash", "gpt", "x\ny")),
                "architecture": st.just({}),
            },
            optional={
                "created": st.sampled_from(CREATED),
                "context_length": st.sampled_from(CONTEXTS),
                "pricing": pricings(),
                "supported_parameters": subsets(PARAMETERS),
                "canonical_slug": st.just(f"{key.partition(':')[0]}-20260101"),
                "description": st.sampled_from((None, "", "a <b>bold</b> claim & more")),
                "benchmarks": benchmarks(),
            },
        )
    )
    wire["architecture"] = draw(
        st.fixed_dictionaries(
            {},
            optional={
                "input_modalities": inputs,
                "output_modalities": outputs,
                "tokenizer": st.sampled_from((*TOKENIZERS, None)),
            },
        )
    )
    notes = draw(
        st.fixed_dictionaries(
            {},
            optional={
                "categories": subsets(vocabulary.CATEGORIES),
                "distillable": st.booleans(),
                "hidden": st.sampled_from((False, False, False, True)),
            },
        )
    )
    return model(key, notes, **wire)


def benchmarks() -> st.SearchStrategy[dict[str, Any]]:
    arena = st.fixed_dictionaries(
        {
            "arena": st.just("models"),
            "category": st.just("website"),
            "elo": st.sampled_from((1200, 1385.5, 1401)),
            "win_rate": st.just(50.0),
            "rank": st.just(1),
        }
    )
    scores = st.fixed_dictionaries(
        {name: st.sampled_from(SCORES) for name in ("intelligence_index", "coding_index", "agentic_index")}
    )
    return st.fixed_dictionaries(
        {"design_arena": st.lists(arena, max_size=2)}, optional={"artificial_analysis": scores}
    )


@st.composite
def endpoints(draw: st.DrawFn, model_id: str) -> list[Fact]:
    """Draw up to three endpoints of a model."""
    drawn = []
    for number in range(draw(st.integers(0, 3))):
        slug = draw(st.sampled_from((*PROVIDERS, "nobody")))
        wire: dict[str, Any] = {"status": draw(st.sampled_from((0, 0, -2)))}
        if draw(st.booleans()):
            wire["pricing"] = draw(pricings())
        if draw(st.booleans()):
            wire["context_length"] = draw(st.sampled_from(CONTEXTS[1:]))
        notes: dict[str, Any] = {}
        if draw(st.booleans()):
            notes["data_policy"] = draw(policies())
        if draw(st.booleans()):
            notes["regions"] = draw(regions())
        tag = f"{slug}{draw(st.sampled_from(('', '/turbo')))}"
        drawn.append(endpoint(model_id, tag, number, notes, **wire))
    return drawn


@st.composite
def catalogues(draw: st.DrawFn, largest: int = 8) -> list[Fact]:
    """Draw a whole catalogue: providers, models with endpoints, latest rows, aliases."""
    facts: list[Fact] = [
        provider(slug, name, {"data_policy": draw(policies()), "regions": draw(regions())})
        for slug, name in PROVIDERS.items()
        if draw(st.booleans())
    ]
    keys = draw(st.lists(model_ids, unique=True, max_size=largest))
    for key in keys:
        facts.append(draw(models(key)))
        facts += draw(endpoints(key))
    for number, target in enumerate(draw(st.lists(st.sampled_from(keys), max_size=2)) if keys else []):
        own = {"created": draw(st.sampled_from(CREATED))} if draw(st.booleans()) else {}
        facts.append(latest(f"~{target.split('/')[0]}/family{number}-latest", target, **own))
    facts += [alias(f"old/name{number}", target) for number, target in enumerate(keys[:2])]
    return facts


def _joined(words: tuple[str, ...]) -> st.SearchStrategy[str]:
    return st.lists(st.sampled_from(words), min_size=1, max_size=3).map(",".join)


_RANGES = {
    f"{end}_{name}": st.sampled_from(bounds)
    for end in ("min", "max")
    for name, bounds in {
        "price": BOUNDS,
        "output_price": BOUNDS,
        "intelligence_index": ("0", "68", "68.0", "71.4", "71.39", "71.41", "100"),
        "coding_index": ("63.2", "0"),
        "agentic_index": ("55.8", "55.80", "60"),
        "tool_success_rate": ("0", "0.5", "1"),
        "age_days": ("0", "29", "30", "31", "400", ""),
    }.items()
}
FILTER_VALUES: dict[str, st.SearchStrategy[str]] = {
    "category": st.sampled_from(vocabulary.CATEGORIES),
    "supported_parameters": _joined((*PARAMETERS, "nonexistent")),
    "output_modalities": _joined(("text", "image", "embeddings", "speech")) | st.sampled_from(("all", "text,all", "")),
    "input_modalities": _joined(vocabulary.INPUT_MODALITIES),
    "q": st.sampled_from(("gpt", "GPT 4", "größe", "3 flash", "", "openai/", "x y", "zzz", "4 gpt gpt")),
    "context": st.sampled_from(("1", "8192", "131071", "131072", "99999999999999999999")),
    "arch": _joined(("llama", "Llama3", "gpt", "QWEN", "qwen3", "router", "nothing", "llama.")),
    "model_authors": _joined((*AUTHORS, "OpenAI", "nobody")),
    "providers": _joined(("Google", "google", "Google AI Studio", "google-vertex", "ACME", "nobody", "openai")),
    "distillable": st.sampled_from(("true", "false")),
    "zdr": st.just("true"),
    "region": st.sampled_from(("eu", "us")),
    **_RANGES,
}
"""For each filter texts that it takes."""


@st.composite
def filter_pairs(draw: st.DrawFn, most: int = 4) -> list[Pair]:
    """Draw query pairs of some filters, each once."""
    names = draw(st.lists(st.sampled_from(sorted(FILTER_VALUES)), max_size=most, unique=True))
    return [(name, draw(FILTER_VALUES[name])) for name in names]


@st.composite
def list_requests(draw: st.DrawFn) -> list[Pair]:
    """Draw the query pairs of a list request: filters, perhaps a sort, perhaps paging; some lists repeated."""
    pairs = draw(filter_pairs())
    if draw(st.booleans()):
        pairs.append(("sort", draw(st.sampled_from(sorted(SORTS)))))
    if draw(st.booleans()):
        pairs.append(("offset", draw(st.sampled_from(("0", "1", "3", "500", "")))))
    if draw(st.booleans()):
        pairs.append(("limit", draw(st.sampled_from(("1", "2", "3", "1000")))))
    if draw(st.integers(0, 3)) == 0:
        name = draw(st.sampled_from(("arch", "providers", "limit", "min_price")))
        pairs.append(
            (name, draw(st.sampled_from(("1", "2")) if name in {"limit", "min_price"} else FILTER_VALUES[name]))
        )
    return draw(st.permutations(pairs)) if len(pairs) < 6 else pairs
