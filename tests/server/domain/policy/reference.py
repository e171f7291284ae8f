"""A second judge, written from the description of the rules alone: plain loops over plain values, and slow.

It shares nothing with the predicate that it is compared with but the policy that both are given.
"""

from __future__ import annotations

from tests.server.domain.policy.worlds import Entry, Offer
from trunkline.server.domain.policy.layers import Policy


def listed(entries: list[Entry], policy: Policy) -> set[str]:
    """Return the ids of the rows that the key sees."""
    by_id = {entry.id: entry for entry in entries}
    return {entry.id for entry in entries if sees(entry, by_id, policy)}


def sees(entry: Entry, by_id: dict[str, Entry], policy: Policy) -> bool:
    if not may_know(entry.private_to, policy):
        return False
    if entry.target is not None:
        return sees(by_id[entry.target], by_id, policy)
    if entry.router:
        return sees_router(entry, by_id, policy)
    return any(passes(offer, entry, policy) for offer in entry.offers)


def sees_router(router: Entry, by_id: dict[str, Entry], policy: Policy) -> bool:
    if policy.region is not None:
        return False
    for layer in policy.layers:
        if router.canonical in (layer.restrictions.ignored_models or ()):
            return False
    for entry in by_id.values():
        if entry.router or entry.target is not None or "text" not in entry.outputs:
            continue
        for offer in entry.offers:
            if router.id == "openrouter/free" and not is_free(offer, entry):
                continue
            if passes(offer, entry, policy):
                return True
    return False


def passes(offer: Offer, entry: Entry, policy: Policy) -> bool:  # noqa: C901, PLR0911, PLR0912 - as it is read
    """Tell whether a model's endpoint passes, rule after rule as they are described."""
    if not may_know(entry.private_to, policy) or not may_know(offer.private_to, policy):
        return False
    group = {"anthropic": "anthropic", "openai": "openai", "google": "google", "x-ai": "xai"}.get(
        entry.id.split("/")[0], "other"
    )
    needs_zdr, safety_counts = False, group in ("google", "other")
    allows_training, allows_publication = True, True
    account_stated = False
    free = is_free(offer, entry)
    training = "enable_free_model_training" if free else "enable_paid_model_training"
    for layer in policy.layers:
        stated = layer.restrictions
        if stated.allowed_models is not None and entry.permaslug not in stated.allowed_models:
            return False
        if stated.ignored_models is not None and entry.permaslug in stated.ignored_models:
            return False
        request = layer.name == "request"
        if stated.allowed_providers is not None and not named(offer, stated.allowed_providers, request):
            return False
        if stated.ignored_providers is not None and named(offer, stated.ignored_providers, request):
            return False
        if getattr(stated, f"enforce_zdr_{group}") is True:
            needs_zdr = True
        if group in ("google", "other") and getattr(stated, f"allow_safety_retention_{group}") is False:
            safety_counts = False
        if layer.name == "account":
            account_stated = True
            allows_training = allows_training and getattr(stated, training) is True
            allows_publication = allows_publication and stated.enable_free_model_publication is True
        else:
            allows_training = allows_training and getattr(stated, training) is not False
            allows_publication = allows_publication and stated.enable_free_model_publication is not False
        host = {None: "global", "eu": "europe", "us": "us"}[policy.region]
        if stated.allowed_data_regions is not None and host not in stated.allowed_data_regions:
            return False
    if not account_stated:
        allows_training = allows_publication = False
    if trains(offer) and not allows_training:
        return False
    if publishes(offer, entry) and not (free and allows_publication):
        return False
    if needs_zdr and not (zdr(offer) == "strict" or (zdr(offer) == "safety" and safety_counts)):
        return False
    if policy.region is not None and policy.region not in offer.regions:
        return False
    return policy.credentials is None or offer.tag.split("/")[0] in policy.credentials


def may_know(ids: list[str] | None, policy: Policy) -> bool:
    return ids is None or policy.account_id in ids or (policy.user_id is not None and policy.user_id in ids)


def named(offer: Offer, items: tuple[str, ...], request: bool) -> bool:
    """A bare slug names all of a provider, in a request without its service tiers; `slug/variant` exactly that tag."""
    provider = offer.tag.split("/")[0]
    tier = offer.service_tier or ("flex" if offer.tag.endswith("/flex") else None)
    for item in items:
        if "/" in item and item == offer.tag:
            return True
        if "/" not in item and item == provider and not (request and tier):
            return True
    return False


def is_free(offer: Offer, entry: Entry) -> bool:
    return entry.id.endswith(":free") or offer.prompt == "0"


def trains(offer: Offer) -> bool:
    if offer.policy.get("training") is None:
        return offer.policy.get("zdr") not in ("safety", "strict")
    return bool(offer.policy["training"])


def retains(offer: Offer) -> bool:
    keeps, days = offer.policy.get("retains"), offer.policy.get("retention_days")
    if keeps is True or days == 30:
        return True
    if keeps is None and days is None:
        return offer.policy.get("zdr") != "strict"
    return False


def publishes(offer: Offer, entry: Entry) -> bool:
    stated = offer.policy.get("publishes")
    return bool(stated) if stated is not None else is_free(offer, entry) and trains(offer)


def zdr(offer: Offer) -> str:
    if trains(offer):
        return "none"
    if offer.policy.get("zdr") in ("none", "safety"):
        return str(offer.policy["zdr"])
    return "none" if retains(offer) else "strict"
