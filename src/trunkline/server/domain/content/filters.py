"""The content filters of a caller's guardrails, united and made ready (spec catalogue 5.4, gateway 6.7)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

from trunkline.server.domain.content.expressions import Expression, compiled
from trunkline.server.domain.content.presets import PRESETS, Look, Refine, Span
from trunkline.server.domain.policy.caller import Caller
from trunkline.server.domain.policy.guardrail import ContentFilter, ContentFilterBuiltin

BLOCK: Final = "block"
REDACT: Final = "redact"
FLAG: Final = "flag"
STRENGTH: Final = (BLOCK, REDACT, FLAG)
"""Actions, strongest first: of one filter that several guardrails have, the strongest counts."""
CUSTOM: Final = "custom"
"""The name of a filter that somebody wrote; others have their slug."""
UNLABELLED: Final = "[REDACTED]"
_USER_ONLY: Final = "user_only"


class Source(NamedTuple):
    """What one guardrail says of content; `scope` is where it comes from, as refusals and metadata name it."""

    guardrail_id: str
    scope: str
    customs: tuple[ContentFilter, ...]
    builtins: tuple[ContentFilterBuiltin, ...]


@dataclass(frozen=True, slots=True)
class Search:
    """One expression of a filter, and its second look."""

    expression: Expression
    refine: Refine | None

    def all(self, text: bytes, at: int, until: int, end: int, look: Callable[[], None]) -> Iterator[tuple[Span, Span]]:
        """Yield each match between a place and the end, and what of it counts, in order; matches do not overlap.

        None is looked for from `until` on, though the last one found may lie there. What matches nothing at all does
        not count, and takes as long to find: `look` is called before each search.
        """
        while at < until:
            look()
            if (match := self.expression.find(text, at, end)) is None:
                return
            start, stop = match
            if start == stop:
                at = following(text, stop)
                continue
            kept = match if self.refine is None else self.refine(text, start, stop)
            if kept is None:
                at = following(text, start)
                continue
            yield match, kept
            at = stop


@dataclass(frozen=True, slots=True, eq=False)
class Filter:
    """One filter: what it looks for, and what happens where that is found. `users_only`: in users' messages only."""

    name: str
    label: str
    action: str
    guardrail_id: str
    scope: str
    searches: tuple[Search, ...]
    users_only: bool = False
    tells: bool = False


def sources_of(caller: Caller) -> tuple[Source, ...]:
    """Return what a caller's guardrails say of content; empty where they say nothing, as most do."""
    if caller.key_guardrail is None and caller.default_guardrail is None and caller.member_guardrail is None:
        return ()
    placed = (
        ("workspace-default", caller.default_guardrail),
        ("member", caller.member_guardrail),
        ("api-key", caller.key_guardrail),
    )
    return tuple(
        [
            Source(guardrail.id, scope, guardrail.content_filters or (), guardrail.content_filter_builtins or ())
            for scope, guardrail in placed
            if guardrail is not None and (guardrail.content_filters or guardrail.content_filter_builtins)
        ]
    )


def united(sources: Iterable[Source]) -> tuple[Filter, ...]:
    """Return the filters of all guardrails, strongest action first, each once. Raises `NotRead`."""
    kept: dict[tuple[str, str, bool], Filter] = {}
    for source in sources:
        for made, key in _made(source):
            there = kept.get(key)
            if there is None or STRENGTH.index(made.action) < STRENGTH.index(there.action):
                kept[key] = made
    return tuple(sorted(kept.values(), key=lambda made: STRENGTH.index(made.action)))


def following(text: bytes, at: int) -> int:
    """Return where the next character begins."""
    at += 1
    while at < len(text) and text[at] & 0xC0 == 0x80:
        at += 1
    return at


def _made(source: Source) -> Iterator[tuple[Filter, tuple[str, str, bool]]]:
    for custom in source.customs:
        searches = _searches((Look(custom.pattern),))
        label = custom.label or UNLABELLED
        made = Filter(CUSTOM, label, custom.action, source.guardrail_id, source.scope, searches)
        yield made, (CUSTOM, custom.pattern, False)
    for builtin in source.builtins:
        preset = PRESETS[builtin.slug]
        users_only = builtin.scan_scope == _USER_ONLY and preset.tells
        made = Filter(
            preset.slug,
            preset.label,
            builtin.action,
            source.guardrail_id,
            source.scope,
            _searches(preset.looks),
            users_only,
            preset.tells,
        )
        yield made, (preset.slug, "", users_only)


def _searches(looks: Iterable[Look]) -> tuple[Search, ...]:
    return tuple([Search(compiled(look.pattern, any_case=look.any_case), look.refine) for look in looks])
