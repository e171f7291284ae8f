"""Guardrails in the API's shape (spec 2.11)."""

from __future__ import annotations

from msgspec import UNSET

from trunkline.server.domain.content.presets import PRESETS
from trunkline.server.domain.policy.guardrail import Guardrail
from trunkline.server.http import schemas_guardrails as shown
from trunkline.server.http.views.filling import fill


def guardrail(stored: Guardrail) -> shown.Guardrail:
    """Return a guardrail as the API shows it, every field of policy stated."""
    filters, builtins = stored.content_filters, stored.content_filter_builtins
    return fill(
        shown.Guardrail,
        stored,
        content_filters=None if filters is None else [fill(shown.ContentFilterEntry, row) for row in filters],
        content_filter_builtins=None
        if builtins is None
        else [
            fill(
                shown.ContentFilterBuiltinEntry,
                row,
                label=PRESETS[row.slug].label,
                scan_scope=UNSET if row.scan_scope is None else row.scan_scope,
            )
            for row in builtins
        ],
        enforce_zdr=None,
    )
