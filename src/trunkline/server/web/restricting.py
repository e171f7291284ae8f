"""What a layer restricts as a form: begun from what holds, read into what use cases take."""

from __future__ import annotations

from typing import Any, Final

from trunkline.server.domain.policy.restrictions import Restrictions
from trunkline.server.web import typed
from trunkline.server.web.visit import Visit

LISTS: Final = (
    ("allowed_models", "Only these models", "Ids, one a line. Nothing for all."),
    ("ignored_models", "Never these models", "Ids, one a line."),
    ("allowed_providers", "Only these providers", "Slugs or tags such as openai or google-vertex/europe."),
    ("ignored_providers", "Never these providers", "Slugs or tags."),
)
GROUPS: Final = (
    ("enforce_zdr_anthropic", "Anthropic's"),
    ("enforce_zdr_openai", "OpenAI's"),
    ("enforce_zdr_google", "Google's"),
    ("enforce_zdr_xai", "xAI's"),
    ("enforce_zdr_other", "all others"),
)
"""Whose models may only be called where nothing is retained."""
PERMITS: Final = (
    ("enable_paid_model_training", "Paid models whose hosts may train on prompts"),
    ("enable_free_model_training", "Free models whose hosts may train on prompts"),
    ("enable_free_model_publication", "Free models whose hosts publish prompts"),
)
SAFETY: Final = (
    ("allow_safety_retention_google", "Google's hosts that keep prompts for safety checks count as keeping nothing"),
    ("allow_safety_retention_other", "Other hosts that keep prompts for safety checks count as keeping nothing"),
)
WORDS: Final = (("global", "Global"), ("europe", "European"), ("us", "American"))
FIELDS: Final = (*(row[0] for row in (*LISTS, *GROUPS, *PERMITS, *SAFETY)), "allowed_data_regions")


def begun(stated: Restrictions) -> dict[str, object]:
    """Return what the form begins with; permissions are `yes`, `no` or nothing."""
    values: dict[str, object] = {name: getattr(stated, name) for name, *_ in LISTS}
    values |= {name: getattr(stated, name) for name, _ in GROUPS}
    values |= {name: _word(getattr(stated, name)) for name, _ in (*PERMITS, *SAFETY)}
    return values | {"allowed_data_regions": stated.allowed_data_regions}


def read(visit: Visit) -> dict[str, Any]:
    """Return every field of the form as a body states it: null for what is not restricted."""
    values: dict[str, Any] = {name: typed.words(visit.field(name)) or None for name, *_ in LISTS}
    values |= {name: True if visit.field(name) else None for name, _ in GROUPS}
    values |= {name: {"yes": True, "no": False}.get(visit.field(name)) for name, _ in (*PERMITS, *SAFETY)}
    return values | {"allowed_data_regions": visit.every("allowed_data_regions") or None}


def _word(permission: bool | None) -> str:
    return "" if permission is None else "yes" if permission else "no"
