"""Why an endpoint is not in a plan: the filters of spec gateway 3.3 in the order in which they are applied."""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class Reason(StrEnum):
    """What removed an endpoint; those of policy are named as its rules are. Later members are applied later."""

    CREDENTIAL = "credential"
    UNPRICED = "unpriced"
    TIER = "tier"
    ROUTER = "router"
    ALLOWED_MODELS = "allowed_models"
    IGNORED_MODELS = "ignored_models"
    SURFACE = "surface"
    DATA_REGION = "data_region"
    REGION = "region"
    ALLOWED_PROVIDERS = "allowed_providers"
    IGNORED_PROVIDERS = "ignored_providers"
    TRAINING = "training"
    PUBLICATION = "publication"
    DATA_COLLECTION = "data_collection"
    ZDR = "zdr"
    DISTILLABLE = "enforce_distillable_text"
    QUANTIZATION = "quantization"
    MODALITIES = "modalities"
    PARAMETERS = "require_parameters"
    CONTEXT = "context_length"
    MAX_TOKENS = "max_tokens"
    MAX_PRICE = "max_price"
    TOOLS = "tools"
    TOOL_CHOICE = "tool_choice"
    FORMAT = "response_format"
    VERBOSITY = "verbosity"
    FALLBACK = "allow_fallbacks"


ORDER: Final = {reason: number for number, reason in enumerate(Reason)}
