"""How hard the domain's properties are tried: `HYPOTHESIS_PROFILE=thorough pytest tests/server/domain` tries harder."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, Phase, settings

PHASES = (Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink)  # explaining a failure takes minutes here

settings.register_profile(
    "ci",
    max_examples=60,
    deadline=None,
    phases=PHASES,
    suppress_health_check=[HealthCheck.too_slow],
    derandomize=bool(os.environ.get("CI")),  # a run that decides must come out the same each time
)
settings.register_profile(
    "thorough", max_examples=2000, deadline=None, phases=PHASES, suppress_health_check=list(HealthCheck)
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))
