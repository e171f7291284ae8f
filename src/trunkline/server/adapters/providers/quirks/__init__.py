"""Where single providers depart from their dialect: `QUIRKS` by slug, `NONE` for all others."""

from trunkline.server.adapters.providers.quirks.quirk import NONE, Quirk, Thinking
from trunkline.server.adapters.providers.quirks.rows import QUIRKS

__all__ = ["NONE", "QUIRKS", "Quirk", "Thinking"]
