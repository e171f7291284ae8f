"""Small random worlds: a catalogue as plain values, layers over it, and who asks through which host."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st

from tests.server.domain.fixture import endpoint, latest, model, snapshot
from trunkline.server.domain.catalog.snapshot import Snapshot
from trunkline.server.domain.policy.layers import Layer, LayerName, Policy
from trunkline.server.domain.policy.restrictions import Restrictions

ACCOUNT, USER, STRANGER = "account-1", "user-1", "account-2"
PROVIDERS = ("openai", "azure", "google-vertex", "freehost")
AUTHORS = ("anthropic", "openai", "google", "x-ai", "meta-llama")
NAMES = tuple(f"{author}/m-{number}{variant}" for author in AUTHORS for number in (1, 2) for variant in ("", ":free"))
PRIVATE = ([], [ACCOUNT], [USER], [STRANGER], [STRANGER, USER])
ENFORCEMENTS = tuple(f"enforce_zdr_{group}" for group in ("anthropic", "openai", "google", "xai", "other"))
SAFETIES = ("allow_safety_retention_google", "allow_safety_retention_other")
PERMISSIONS = ("enable_paid_model_training", "enable_free_model_training", "enable_free_model_publication")
SWITCHES = (*ENFORCEMENTS, *PERMISSIONS, *SAFETIES)


@dataclass
class Offer:
    tag: str
    prompt: str
    policy: dict[str, Any]
    regions: list[str]
    private_to: list[str] | None = None
    service_tier: str | None = None


@dataclass
class Entry:
    """A row: a model with `offers`, a router, or (with `target`) one that always stands for another."""

    id: str
    canonical: str
    offers: list[Offer] = field(default_factory=list)
    outputs: list[str] = field(default_factory=lambda: ["text"])
    private_to: list[str] | None = None
    target: str | None = None
    router: bool = False

    @property
    def permaslug(self) -> str:
        return self.canonical + (":free" if self.id.endswith(":free") else "")


def built(entries: list[Entry]) -> Snapshot:
    facts = []
    for entry in entries:
        notes = {} if entry.private_to is None else {"private_to": entry.private_to}
        if entry.target is not None:
            facts.append(latest(entry.id, entry.target, notes=notes))
            continue
        architecture = {"modality": "x", "output_modalities": entry.outputs, "input_modalities": ["text"]}
        if entry.router:
            architecture["tokenizer"] = "Router"
        price = {"prompt": "-1", "completion": "-1"} if entry.router else {"prompt": "1", "completion": "1"}
        facts.append(model(entry.id, notes, canonical_slug=entry.canonical, architecture=architecture, pricing=price))
        for number, offer in enumerate(entry.offers):
            about: dict[str, Any] = {"data_policy": offer.policy, "regions": offer.regions}
            if offer.private_to is not None:
                about["private_to"] = offer.private_to
            facts.append(
                endpoint(
                    entry.id,
                    offer.tag,
                    number,
                    about,
                    pricing={"prompt": offer.prompt, "completion": offer.prompt},
                    service_tier=offer.service_tier,
                )
            )
    return snapshot(facts)


tags = st.sampled_from([tag for slug in PROVIDERS for tag in (slug, f"{slug}/eu", f"{slug}/flex", f"{slug}/eu/flex")])
regions = st.sampled_from([[], ["eu"], ["us"], ["eu", "us"]])


def rarely(strategy: st.SearchStrategy[Any], one_in: int = 4) -> st.SearchStrategy[Any]:
    """Return a strategy that mostly says nothing: worlds in which everything is forbidden teach little."""
    lots = [False] * (one_in - 1) + [True]
    return st.sampled_from(lots).flatmap(lambda drawn: strategy if drawn else st.none())


private = rarely(st.sampled_from(PRIVATE), 8)
harmless = st.just({"training": False, "retains": False, "publishes": False})
stated_policies = st.fixed_dictionaries(
    {},
    optional={
        "training": st.sampled_from([True, False, False, False, False, None]),
        "retains": st.sampled_from([True, False, None]),
        "retention_days": st.sampled_from([0, 30, None]),
        "publishes": st.sampled_from([True, False, None]),
        "zdr": st.sampled_from(["none", "safety", "safety", "strict", None]),
    },
)
data_policies = st.one_of(harmless, stated_policies)
offers = st.builds(
    Offer,
    tag=tags,
    prompt=st.sampled_from(["0", "1", "1"]),
    policy=data_policies,
    regions=regions,
    private_to=private,
    service_tier=st.sampled_from([None, None, None, "priority"]),
)


@st.composite
def catalogues(draw: st.DrawFn) -> list[Entry]:
    ids = draw(st.lists(st.sampled_from(NAMES), max_size=5, unique=True))
    entries = [
        Entry(
            name,
            draw(st.sampled_from(["", "-2026"])).join([name.removesuffix(":free"), ""]),
            draw(st.lists(offers, max_size=3)),
            draw(st.sampled_from([["text"], ["text", "image"], ["embeddings"]])),
            draw(private),
        )
        for name in ids
    ]
    for number, target in enumerate(draw(st.lists(st.sampled_from(ids), max_size=2)) if ids else []):
        entries.append(Entry(f"~some/family-{number}-latest", "", target=target, private_to=draw(private)))
    routers = draw(st.lists(st.sampled_from(["openrouter/auto", "openrouter/free"]), unique=True))
    return entries + [Entry(name, name, router=True, private_to=draw(private)) for name in routers]


BASES = sorted({name.removesuffix(":free") for name in NAMES})
MODELS = [f"{base}{date}{variant}" for base in BASES for date in ("", "-2026") for variant in ("", ":free")]
model_items = st.sampled_from([*MODELS, "openrouter/auto"])
most_models = st.frozensets(model_items, max_size=10).map(lambda left: tuple(m for m in MODELS if m not in left))
few_models = st.lists(model_items, min_size=1, max_size=4).map(tuple)
provider_lists = rarely(st.lists(tags, min_size=1, max_size=8).map(tuple))
switches = st.sampled_from([None, None, None, True, False])
restrictions = st.builds(
    Restrictions,
    allowed_models=rarely(st.one_of(most_models, most_models, few_models)),
    ignored_models=rarely(few_models),
    allowed_providers=provider_lists,
    ignored_providers=provider_lists,
    allowed_data_regions=rarely(
        st.lists(st.sampled_from(["global", "europe", "us"]), min_size=1, unique=True).map(tuple)
    ),
    **dict.fromkeys(SWITCHES, switches),
)
open_accounts = st.builds(Restrictions, **dict.fromkeys(PERMISSIONS, st.just(value=True)))


@st.composite
def layers(draw: st.DrawFn, names: tuple[LayerName, ...] = tuple(LayerName)) -> list[Layer]:
    found = []
    for name in draw(st.lists(st.sampled_from(names), max_size=3, unique=True)):
        stated = st.one_of(restrictions, open_accounts) if name is LayerName.ACCOUNT else restrictions
        found.append(Layer(name, f"{name} 1", draw(stated)))
    return found


credentials = rarely(st.frozensets(st.sampled_from(PROVIDERS), min_size=1))


@st.composite
def policies(draw: st.DrawFn) -> Policy:
    return Policy(
        draw(layers()),
        region=draw(st.sampled_from([None, None, None, "eu", "us"])),
        account_id=ACCOUNT,
        user_id=draw(st.sampled_from([None, USER])),
        credentials=draw(credentials),
    )
