"""How often an account may call free models (spec gateway 4.6)."""

from __future__ import annotations

from functools import lru_cache

from msgspec.structs import replace

from trunkline.server.domain.catalog import slugs
from trunkline.server.domain.generation.request import GenerationRequest
from trunkline.server.domain.routing.routers import FREE as FREE_ROUTER
from trunkline.server.errors import TooManyRequests
from trunkline.server.usecases.gateway_ports import FreeCalls

_VARIANT = "free"


def counted(request: GenerationRequest, calls: FreeCalls | None, account_id: str, now: float) -> GenerationRequest:
    """Count a request for free models and return it; beyond the limit, without those, if any others are asked for.

    Raises `TooManyRequests` where only free ones are.
    """
    if calls is None:
        return request
    others = _others(request.models)
    if len(others) == len(request.models):
        return request
    try:
        calls.take(account_id, now)
    except TooManyRequests:
        if not others:
            raise
        return replace(request, models=others)
    return request


@lru_cache(maxsize=10_000)
def _others(models: tuple[str, ...]) -> tuple[str, ...]:
    """Return those of some slugs that are not for free."""
    return tuple(slug for slug in models if not _is_free(slug))


def _is_free(slug: str) -> bool:
    parsed = slugs.parse(slug) if ":" in slug else None
    return slug.lower() == FREE_ROUTER if parsed is None else parsed.variant == _VARIANT or parsed.base == FREE_ROUTER
