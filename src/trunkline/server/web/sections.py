"""The parts of /govern, in the order of their menu."""

from __future__ import annotations

from typing import Final

SECTIONS: Final = (
    ("", (("Overview", "/govern"),)),
    (
        "Access",
        (
            ("Keys", "/govern/keys"),
            ("Guardrails", "/govern/guardrails"),
            ("Workspaces", "/govern/workspaces"),
            ("Members", "/govern/members"),
            ("Privacy", "/govern/privacy"),
            ("Explain", "/govern/explain"),
        ),
    ),
    ("Use", (("Activity", "/govern/activity"), ("Log", "/govern/log"))),
    ("Supply", (("Providers", "/govern/providers"), ("Own keys", "/govern/byok"), ("Catalogue", "/govern/catalogue"))),
    ("Record", (("Audit", "/govern/audit"),)),
)
"""Groups of pages: a heading, and titles with their paths."""
