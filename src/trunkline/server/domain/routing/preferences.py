"""The `provider` object of a request: how its caller wants endpoints chosen (spec gateway 1.2)."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Final, Literal

import msgspec
from msgspec import Struct

from trunkline.server.errors import BadRequest, Issue

Sort = Literal["price", "throughput", "latency", "exacto"]
Partition = Literal["model", "none"]
Quantization = Literal[
    "int4", "int8", "fp4", "mxfp4", "nvfp4", "fp6", "fp8", "mxfp8", "fp16", "bf16", "fp32", "unknown"
]
PER_MILLION: Final = frozenset({"prompt", "completion"})
"""The keys of `max_price` that are USD per million tokens; the others are USD per unit."""
_MILLION = Decimal(1_000_000)
_BRIEF: Final = 512
"""Characters."""
_COVERS: Final = {"fp4": ("mxfp4", "nvfp4"), "fp8": ("mxfp8",)}


class Cutoffs(Struct, frozen=True, omit_defaults=True):
    """Bounds on percentiles; all that are given must hold."""

    p50: float | None = None
    p75: float | None = None
    p90: float | None = None
    p99: float | None = None

    def stated(self) -> tuple[tuple[str, float], ...]:
        """Return the given bounds by percentile name."""
        return tuple((name, value) for name in self.__struct_fields__ if (value := getattr(self, name)) is not None)


class Preferences(Struct, frozen=True, kw_only=True):
    """A request's preferences. Provider items are lower case, as slugs or display names.

    `throughput` is in tokens per second, `latency` in seconds, each (percentile, bound); `max_price`
    in USD per single unit, so that it compares with catalogue prices. `quantizations` include those
    that a given one covers.
    """

    order: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    allow_fallbacks: bool = True
    require_parameters: bool = False
    deny_collection: bool = False
    zdr: bool = False
    distillable: bool = False
    quantizations: frozenset[str] = frozenset()
    sort: Sort | None = None
    partition: Partition = "model"
    throughput: tuple[tuple[str, float], ...] = ()
    latency: tuple[tuple[str, float], ...] = ()
    max_price: tuple[tuple[str, Decimal], ...] = ()

    @property
    def is_brief(self) -> bool:
        """Whether the lists of providers are short enough to remember something by them."""
        return sum(map(len, (*self.order, *self.only, *self.ignore))) <= _BRIEF


NO_PREFERENCES: Final = Preferences()


class _Sorting(Struct, frozen=True):
    by: Sort | None = None
    partition: Partition | None = None


class _Caps(Struct, frozen=True):
    prompt: int | float | str | None = None
    completion: int | float | str | None = None
    request: int | float | str | None = None
    image: int | float | str | None = None
    audio: int | float | str | None = None


class _Wire(Struct, frozen=True):
    """The object as callers write it; null is absent everywhere, unknown members are passed over."""

    order: list[str] | None = None
    only: list[str] | None = None
    ignore: list[str] | None = None
    allow_fallbacks: bool | None = None
    require_parameters: bool | None = None
    data_collection: Literal["allow", "deny"] | None = None
    zdr: bool | None = None
    enforce_distillable_text: bool | None = None
    quantizations: list[Quantization] | None = None
    sort: str | _Sorting | None = None
    preferred_min_throughput: float | Cutoffs | None = None
    preferred_max_latency: float | Cutoffs | None = None
    max_price: _Caps | None = None


_SORTS: Final = ("price", "throughput", "latency", "exacto")


def read(stated: Mapping[str, object]) -> Preferences:
    """Read a decoded `provider` object. Empty lists count as absent. Raises `BadRequest` naming the wrong member."""
    if not stated:
        return NO_PREFERENCES
    try:
        wire = msgspec.convert(stated, _Wire)
    except msgspec.ValidationError as error:
        message, _, path = str(error).partition(" - at `$")
        raise _wrong(path.strip("`").lstrip("."), message) from None
    sorting = wire.sort if isinstance(wire.sort, _Sorting) else _Sorting(by=_sort(wire.sort))
    return Preferences(
        order=_items(wire.order),
        only=_items(wire.only),
        ignore=_items(wire.ignore),
        allow_fallbacks=wire.allow_fallbacks is not False,
        require_parameters=wire.require_parameters is True,
        deny_collection=wire.data_collection == "deny",
        zdr=wire.zdr is True,
        distillable=wire.enforce_distillable_text is True,
        quantizations=frozenset(value for given in wire.quantizations or () for value in (given, *_covered(given))),
        sort=sorting.by,
        partition=sorting.partition or "model",
        throughput=_cutoffs("preferred_min_throughput", wire.preferred_min_throughput),
        latency=_cutoffs("preferred_max_latency", wire.preferred_max_latency),
        max_price=() if wire.max_price is None else _caps(wire.max_price),
    )


def _items(stated: list[str] | None) -> tuple[str, ...]:
    return tuple(dict.fromkeys(item.lower() for item in stated)) if stated else ()


def _sort(stated: str | None) -> Sort | None:
    if stated is None:
        return None
    for name in _SORTS:
        if stated == name:
            return name
    raise _wrong("sort", f"Expected one of {', '.join(_SORTS)}, got {stated[:40]!r}")


def _covered(quantization: str) -> tuple[str, ...]:
    return _COVERS.get(quantization, ())


def _cutoffs(name: str, stated: float | Cutoffs | None) -> tuple[tuple[str, float], ...]:
    if stated is None:
        return ()
    given = (("p50", stated),) if isinstance(stated, int | float) else stated.stated()
    if any(value < 0 for _, value in given):
        raise _wrong(name, "Expected 0 or more")
    return given


def _caps(stated: _Caps) -> tuple[tuple[str, Decimal], ...]:
    caps: list[tuple[str, Decimal]] = []
    for name in stated.__struct_fields__:
        value = getattr(stated, name)
        if value is None:
            continue
        try:
            cap = Decimal(str(value))
        except InvalidOperation:
            cap = Decimal("NaN")
        if not cap.is_finite() or cap < 0:
            raise _wrong(f"max_price.{name}", "Expected a number of USD, 0 or more, or one as a string")
        caps.append((name, cap / _MILLION if name in PER_MILLION else cap))
    return tuple(caps)


def _wrong(path: str, message: str) -> BadRequest:
    where = f"provider.{path}" if path else "provider"
    return BadRequest(f"{where}: {message}", [Issue(where, message)])
