"""The built-in content filters, one row each: personal data and prompt injection (spec catalogue 1.7, gateway 4.6)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from trunkline.server.domain.content import checks, injections, names

Span = tuple[int, int]
Refine = Callable[[bytes, int, int], Span | None]
"""Looks twice at a match in a text (its bytes from, to); returns what of it counts, None for nothing."""


@dataclass(frozen=True, slots=True)
class Look:
    """One expression, written as people write those of their own filters."""

    pattern: str
    refine: Refine | None = None
    any_case: bool = False


@dataclass(frozen=True, slots=True)
class Preset:
    """A built-in filter: `label` stands in place of what it redacts. `tells`: a refusal shows what was found."""

    slug: str
    label: str
    looks: tuple[Look, ...]
    tells: bool = False


_OCTET = r"(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)"
_WORD = r"[A-Z][A-Za-z0-9'’.\-]*"
_STREET = (
    "(?:Street|St|Avenue|Ave|Road|Rd|Boulevard|Blvd|Lane|Ln|Drive|Dr|Court|Ct|Way|Place|Pl|Square|Sq|Terrace|Ter"
    r"|Parkway|Pkwy|Circle|Cir|Highway|Hwy|Crescent|Cres|Close|Alley|Row)\b\.?(?: [NSEW]{1,2}\b)?"
)
_UNIT = r"(?:,? (?:Apt|Apartment|Suite|Ste|Unit|Floor|Fl|Room|Rm)\.? ?#?[A-Za-z0-9\-]{1,8}|,? #[A-Za-z0-9\-]{1,8})"
_TOWN = rf"(?:,? {_WORD}(?: {_WORD}){{0,2}},? [A-Z]{{2}}(?: \d{{5}}(?:-\d{{4}})?\b)?)"
_COMPOUND = "(?:straße|strasse|str\\.|weg|platz|allee|gasse|ring|damm|ufer)"

PRESETS: Final[Mapping[str, Preset]] = {
    row.slug: row
    for row in (
        Preset(
            "email",
            "[EMAIL]",
            (Look(r"[A-Za-z0-9_.%+'\-\u00c0-\u024f]+@(?:[A-Za-z0-9\-\u00c0-\u024f]+\.)+[A-Za-z\u00c0-\u024f]{2,}"),),
        ),
        Preset(
            "phone",
            "[PHONE]",
            (
                Look(r"\+\d{1,3}(?:[ .\-/]?\(?\d{1,4}\)?){2,6}", checks.phone),
                Look(r"(?:\b1[ .\-]?)?(?:\(\d{3}\) ?|\b\d{3}[ .\-])\d{3}[ .\-]\d{4}\b"),
                Look(r"\b0(?:\d(?:[ .\-]\d{2}){4}|\d{2,4}[ /\-]\d{3,8}(?:[ \-]\d{2,6})?)\b", checks.phone),
                Look(r"\b[2-9]\d{9}\b"),
            ),
        ),
        Preset(
            "ssn",
            "[SSN]",
            (
                Look(
                    r"\b(?:00[1-9]|0[1-9]\d|[1-578]\d{2}|6[0-57-9]\d|66[0-57-9])[\- ](?:0[1-9]|[1-9]\d)[\- ]"
                    r"(?:000[1-9]|00[1-9]\d|0[1-9]\d{2}|[1-9]\d{3})\b"
                ),
            ),
        ),
        Preset(
            "credit-card",
            "[CREDIT_CARD]",
            (
                Look(r"\b[2-6]\d{3}(?:[ \-]?\d{4}){3}\b", checks.card),
                Look(r"\b3\d{3}[ \-]?\d{6}[ \-]?\d{4,5}\b", checks.card),
                Look(r"\b(?:4\d{12}|[456]\d{17,18})\b", checks.card),
            ),
        ),
        Preset(
            "ip-address",
            "[IP_ADDRESS]",
            (
                Look(rf"\b{_OCTET}(?:\.{_OCTET}){{3}}\b", checks.ipv4),
                Look(r"(?:[0-9A-Fa-f]{0,4}:){2,7}(?:(?:\d{1,3}\.){3}\d{1,3}|[0-9A-Fa-f]{0,4})", checks.ipv6),
            ),
        ),
        Preset("person-name", "[PERSON_NAME]", tuple(Look(pattern, names.only) for pattern in names.PATTERNS)),
        Preset(
            "address",
            "[ADDRESS]",
            (
                Look(rf"\b\d{{1,6}}[A-Za-z]? (?:[NSEW]\.? )?(?:{_WORD} ){{1,4}}{_STREET}{_UNIT}?{_TOWN}?"),
                Look(r"\bP\.? ?O\.? ?Box \d{1,8}\b", any_case=True),
                Look(
                    rf"\b[A-ZÄÖÜ][A-Za-zÄÖÜäöüß\-]*{_COMPOUND} \d{{1,4}}[a-z]?\b"
                    r"(?:, \d{4,5} [A-ZÄÖÜ][A-Za-zÄÖÜäöüß\-]+)?"
                ),
            ),
        ),
        Preset(
            "regex-prompt-injection",
            "[PROMPT_INJECTION]",
            tuple(Look(pattern, any_case=True) for pattern in injections.PATTERNS),
            tells=True,
        ),
    )
}
"""By slug. What each of them finds is told in docs/guardrails.md."""
