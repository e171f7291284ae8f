"""Lets a call in: who may make it, what content filters leave of it, how it is to be routed (spec gateway 0)."""

from __future__ import annotations

from trunkline.server.domain.catalog.snapshot import Snapshot
from trunkline.server.domain.content.filters import sources_of
from trunkline.server.domain.generation.request import GenerationRequest
from trunkline.server.domain.policy.caller import Caller
from trunkline.server.domain.routing.byok import Own
from trunkline.server.domain.routing.plan import Circumstances, plan
from trunkline.server.usecases import caching, contents, free_calls
from trunkline.server.usecases.gateway import Gateway
from trunkline.server.usecases.generations import Generation
from trunkline.server.usecases.settling import Progress
from trunkline.server.usecases.talks import Talk


async def admit(
    gateway: Gateway,
    snapshot: Snapshot,
    request: GenerationRequest,
    caller: Caller,
    *,
    generation_id: str,
    region: str | None,
    agent: str,
) -> Generation:
    """Admit a caller, hold its request against its content filters, and plan what is left of it.

    `generation_id` is from `Gateway.new_id`, `agent` the caller's User-Agent. Raises `Forbidden` and
    `PaymentRequired` where the caller may not, and `BadRequest` where the request's routing fields are wrong;
    a plan without a candidate, and what a filter blocks, are told by `begin`.
    """
    now = gateway.clock()
    policy = gateway.admitted(caller, region)
    free = _is_free(request)
    gateway.ledger.check(caller, now, free=free)
    asked = request
    request = free_calls.counted(request, gateway.free_calls, caller.key.account_id, now)
    progress = Progress(generation_id, now, request, caller, region, agent)
    sieve = None
    if sources_of(caller):
        screened = await gateway.screening.request(request, caller)
        progress.request = request = screened.request
        progress.findings, progress.refusal, sieve = screened.findings, screened.refusal, screened.sieve
    talk = Talk(request, caller.key.account_id, gateway.stickiness, now)
    given = Circumstances(
        now,
        gateway.chance,
        gateway.learned.statistics(now),
        gateway.usage(snapshot),
        None if caller.workspace is None else caller.workspace.default_provider_sort,
        talk.endpoint,
        small_window=gateway.small_window,
        own=Own(caller.byok, gateway.usable) if caller.byok else None,
    )
    planned = plan(request, gateway.pools(snapshot, now), policy, given)
    if request is not asked:
        free = _is_free(request)
    generation = Generation(gateway, request, planned, progress, talk, free)
    if progress.refusal is None:
        generation.sieve = sieve
        if request.caching is not None:
            generation.place = caching.place_of(gateway.answers, request, caller, region)
        if gateway.contents is not None and contents.is_kept(request, caller, region, gateway.chance):
            generation.said = contents.Said(gateway.contents)
    return generation


def _is_free(request: GenerationRequest) -> bool:
    return not [slug for slug in request.models if not slug.endswith(":free")]
