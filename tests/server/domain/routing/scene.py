"""The model of the conformance cases and short ways to plan requests for it (spec gateway 8)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from random import Random
from typing import Any

import msgspec

from tests.server.domain.fixture import NOW, STRICT, endpoint, model, price, provider, snapshot
from trunkline.server.domain.catalog.facts import Fact
from trunkline.server.domain.generation.fault import Fault, FaultType
from trunkline.server.domain.generation.request import GenerationRequest, Surface
from trunkline.server.domain.policy.layers import Layer, LayerName, Policy
from trunkline.server.domain.policy.restrictions import Restrictions
from trunkline.server.domain.routing.attempts import Outcome
from trunkline.server.domain.routing.plan import Circumstances, Plan, plan
from trunkline.server.domain.routing.pools import Pools
from trunkline.server.domain.routing.statistics import EndpointStatistics, Percentiles

M = "acme/m"
HELLO = [{"role": "user", "content": "Hello"}]
TOOLS = [{"type": "function", "function": {"name": "f", "parameters": {}}}]
TEXT = {"input_modalities": ["text"], "output_modalities": ["text"]}
EMBEDDINGS = {"input_modalities": ["text"], "output_modalities": ["embeddings"]}
PROVIDERS = tuple(provider(slug, slug.title(), STRICT) for slug in ("alpha", "beta", "gamma", "delta", "epsilon"))


def dollars(prompt: float, completion: float | None = None, **more: Any) -> dict[str, Any]:
    """Return prices of USD per million tokens."""
    both = (prompt, prompt if completion is None else completion)
    return price(*(f"{side / 1_000_000:.9f}" for side in both), **more)


def text_model(key: str = M, notes: Any = None, **wire: Any) -> Fact:
    """Return a model that writes text and has a window of 32,000 tokens."""
    return model(key, notes, **{"architecture": TEXT, "context_length": 32_000, **wire})


def offer(tag: str, usd: float, key: str = M, number: int = 0, notes: Any = None, **wire: Any) -> Fact:
    """Return an endpoint at so many USD per million tokens, of prompt and of completion."""
    return endpoint(key, tag, number, notes, **{"pricing": dollars(usd), **wire})


ABC = (offer("alpha", 1), offer("beta", 2), offer("gamma", 3))
"""A, B and C of the conformance cases."""


def pools(*facts: Fact, providers: Iterable[Fact] = PROVIDERS, **more: Any) -> Pools:
    """Return the pools of some facts, with the providers of the scene."""
    return Pools(snapshot([*providers, *facts]), NOW, **more)


def abc(*more: Fact, **wire: Any) -> Pools:
    """Return acme/m with A, B, C and whatever else."""
    return pools(text_model(**wire), *ABC, *more)


def request(
    *models: str, surface: Surface = Surface.CHAT, provider: Mapping[str, Any] | None = None, **fields: Any
) -> GenerationRequest:
    """Return a request as reading leaves it; `models` default to acme/m, `messages` to a hello."""
    body = {"model": (models or (M,))[0], "messages": HELLO, **fields}
    return GenerationRequest(
        surface=surface,
        fields={name: msgspec.Raw(msgspec.json.encode(value)) for name, value in body.items()},
        models=models or (M,),
        stream=False,
        preferences=provider or {},
        session_id=fields.get("session_id"),
        service_tier=fields.get("service_tier"),
    )


def planned(
    of: Pools,
    *models: str,
    policy: Policy | None = None,
    chance: Callable[[], float] | None = None,
    given: Mapping[str, Any] | None = None,
    **asked: Any,
) -> Plan:
    """Plan a request; `given` are members of the circumstances, the rest is the request's."""
    around = Circumstances(**{"now": NOW, "chance": chance or Random(0).random, **(given or {})})
    return plan(request(*models, **asked), of, policy or Policy(), around)


def tags(of: Plan) -> list[str]:
    """Return the tags of a plan's candidates."""
    return [candidate.target.tag for candidate in of.candidates]


def first_shares(of: Pools, times: int = 4000, seed: int = 7, **asked: Any) -> dict[str, float]:
    """Return how often each tag comes first in many plans with lots from one seed."""
    chance = Random(seed).random
    firsts = Counter(tags(planned(of, chance=chance, **asked))[0] for _ in range(times))
    return {tag: count / times for tag, count in firsts.items()}


def key(tag: str, of: str = M, number: int = 0) -> str:
    """Return the key of an endpoint."""
    return f"{of} {tag} {number}"


def flat(value: float, samples: int = 100) -> Percentiles:
    """Return percentiles that are all one value."""
    return Percentiles(value, value, value, value, samples)


OUTAGE = EndpointStatistics(failures_30s=2, attempts_30s=3)


def fast(tokens_per_second: float) -> EndpointStatistics:
    return EndpointStatistics(throughput=flat(tokens_per_second))


def quick(milliseconds: float) -> EndpointStatistics:
    return EndpointStatistics(latency=flat(milliseconds))


def account(**restrictions: Any) -> Policy:
    """Return the policy of an account that restricts nothing else."""
    return Policy([Layer(LayerName.ACCOUNT, "acc", Restrictions(**restrictions))])


def guarded(**restrictions: Any) -> Policy:
    """Return the policy of a key under a guardrail."""
    return Policy([Layer(LayerName.KEY, "guard", Restrictions(**restrictions))])


def failed(of: Plan, *faults: Fault) -> list[Outcome]:
    """Return the first candidates of a plan as attempts that failed, in order."""
    return [Outcome(candidate, fault) for candidate, fault in zip(of.candidates, faults, strict=False)]


def fault(status: int | None = 500, kind: FaultType = FaultType.PROVIDER_UNAVAILABLE, **more: Any) -> Fault:
    return Fault(type=kind, message="it failed", status=status, **more)
