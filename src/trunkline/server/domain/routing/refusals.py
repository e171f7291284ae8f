"""Why a plan is empty: the filter that removed the last endpoint, as the caller is told (spec gateway 3.3, 4.3)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

from trunkline.server.domain.catalog import vocabulary
from trunkline.server.domain.generation.fault import FaultType
from trunkline.server.domain.policy import predicate
from trunkline.server.domain.policy.layers import Policy
from trunkline.server.domain.routing.availability import Code, Constraint, Refusal, unavailable
from trunkline.server.domain.routing.candidates import Shortlist
from trunkline.server.domain.routing.compression import fits
from trunkline.server.domain.routing.models import Miss
from trunkline.server.domain.routing.needs import Needs
from trunkline.server.domain.routing.pools import Pools
from trunkline.server.domain.routing.preferences import Preferences
from trunkline.server.domain.routing.reasons import ORDER, Reason
from trunkline.server.domain.routing.targets import Model
from trunkline.server.domain.routing.wording import TRAINS, WORDS

Removed = Sequence[tuple[Shortlist, Any, Reason]]


_ASKED: Final = frozenset(
    {Reason.DATA_COLLECTION, Reason.DISTILLABLE, Reason.QUANTIZATION, Reason.PARAMETERS, Reason.MAX_PRICE}
)
"""What only the request's own preferences remove."""
_LISTS: Final = frozenset({Reason.ALLOWED_PROVIDERS, Reason.IGNORED_PROVIDERS})
_PATHS: Final = {
    "text": "/chat/completions",
    "image": "/chat/completions",
    "audio": "/chat/completions",
    "embeddings": "/embeddings",
    "rerank": "/rerank",
    "speech": "/audio/speech",
    "transcription": "/audio/transcriptions",
    "video": "/videos",
}
"""The operation that serves each output modality."""


def of_misses(misses: Sequence[Miss], requested: tuple[str, ...]) -> Refusal:
    """Return how a request fails whose models all lead to nothing: for the first of them."""
    if not misses:
        return Refusal(400, FaultType.INVALID_REQUEST, "No models provided")
    miss = misses[0]
    if miss.code is None:
        return Refusal(400, FaultType.INVALID_REQUEST, miss.message)
    return unavailable(miss.code, miss.message, requested, fallback_models=miss.fallbacks)


def of_empty(
    lists: Sequence[Shortlist],
    requested: tuple[str, ...],
    *,
    needs: Needs,
    preferences: Preferences,
    pools: Pools,
    policy: Policy,
    now: float,
) -> Refusal:
    """Return how a request fails whose models have no endpoint left; `policy` is the key's own, `now` Unix seconds."""
    removed = [(listed, target, reason) for listed in lists for target, reason in listed.removed()]
    if any(listed.targets for listed in lists):
        decisive, model = Reason.FALLBACK, lists[0].pool.model
    elif removed:
        listed, _, decisive = max(removed, key=lambda one: ORDER[one[2]])
        model = listed.pool.model
    else:
        decisive, model = Reason.CREDENTIAL, lists[0].pool.model
    if ORDER[decisive] <= ORDER[Reason.TIER] and _has_expired(model, now):
        return _deprecated(model, requested)
    if decisive is Reason.CONTEXT and not _was_narrowed(removed, needs, pools, policy):
        return Refusal(400, FaultType.CONTEXT_LENGTH_EXCEEDED, _too_long(model, needs))
    words = WORDS[decisive]
    detail = _detail(decisive, model, needs)
    message = words.text.format(
        model=model.id,
        layer=_layer(model, policy) if words.code is None else "",
        what=TRAINS.get(decisive, ""),
        detail=detail,
        tokens=needs.total_tokens,
    )
    if words.code is None:
        return Refusal(403, FaultType.PERMISSION_DENIED, message)
    hidden = [target.provider_name for _, target, reason in removed if reason is decisive]
    metadata: dict[str, Any] = {}
    if decisive in _LISTS:
        offered = {
            target.provider for listed in lists for target in listed.pool.model.targets if _may_see(target, policy)
        }
        metadata = {"available_providers": sorted(offered), "requested_providers": list(preferences.only)}
    return unavailable(
        words.code,
        message,
        requested,
        metadata=metadata,
        affected_providers=tuple(dict.fromkeys(hidden)),
        excluded_by=(words.excluded_by,) if words.excluded_by else (),
        constraint=Constraint(words.field, detail or None) if words.field else None,
    )


def _may_see(target: Any, policy: Policy) -> bool:
    return bool(target.traits.permits(policy.viewer))


def _detail(reason: Reason, model: Model, needs: Needs) -> str:
    if reason is Reason.SURFACE:
        if model.id.endswith(":batch"):
            return "/batches"
        return next(
            (_PATHS[output] for output in vocabulary.OUTPUT_MODALITIES if output in model.outputs and output in _PATHS),
            "another operation",
        )
    return " and ".join(sorted(needs.inputs - model.inputs)) if reason is Reason.MODALITIES else ""


def _layer(model: Model, policy: Policy) -> str:
    for target in model.targets:
        failure = predicate.passes(target.endpoint, model.row, policy).failure
        if failure is not None:
            return failure.layer
    return "account"


def _was_narrowed(removed: Removed, needs: Needs, pools: Pools, policy: Policy) -> bool:
    """Tell whether a preference of the request itself removed an endpoint that the prompt would fit into."""
    for listed, target, reason in removed:
        own = pools.pool(listed.pool.model, policy).removed
        asked = reason in _ASKED or (reason in {*_LISTS, Reason.ZDR} and target.key not in own)
        if asked and fits(target, needs):
            return True
    return False


def _too_long(model: Model, needs: Needs) -> str:
    window = max((target.context_length for target in model.targets), default=0)
    return (
        f"This endpoint's maximum context length is {window} tokens. However, you requested about "
        f"{needs.total_tokens} tokens ({needs.prompt_tokens} of text input, {needs.max_tokens or 0} in the output). "
        'Please reduce the length of either one, or use the "middle-out" transform to compress your prompt.'
    )


def _has_expired(model: Model, now: float) -> bool:
    return model.expires is not None and model.expires < datetime.fromtimestamp(now, UTC).date().isoformat()


def _deprecated(model: Model, requested: tuple[str, ...]) -> Refusal:
    successor = model.row.notes.get("successor")
    return unavailable(
        Code.MODEL_DEPRECATED,
        f"{model.id} has been deprecated" + (f"; use {successor}" if isinstance(successor, str) else ""),
        requested,
        fallback_models=(successor,) if isinstance(successor, str) else (),
    )
