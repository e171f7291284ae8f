"""What each reason for an empty plan is called and how it is put (spec gateway 4.3, catalogue 5.14)."""

from __future__ import annotations

from typing import Final, NamedTuple

from trunkline.server.domain.routing.availability import Code
from trunkline.server.domain.routing.reasons import Reason


class Words(NamedTuple):
    """What a reason becomes: the code (None: plain 403), the `excluded_by` word, the `constraint` field, the text."""

    code: Code | None
    excluded_by: str | None
    field: str | None
    text: str


_ENDED: Final = "No endpoints found for {model}."
_TRAINING: Final = "No endpoints found for {model} matching your data policy ({what})."
WORDS: Final = {
    Reason.CREDENTIAL: Words(Code.NO_ENDPOINTS, None, None, _ENDED),
    Reason.UNPRICED: Words(
        Code.NO_ENDPOINTS, None, None, "No endpoints found for {model}: the price of its endpoints is not known."
    ),
    Reason.TIER: Words(
        Code.NO_ENDPOINTS, None, None, "No endpoints found for {model} outside of service tiers; ask for one by name."
    ),
    Reason.ROUTER: Words(Code.NO_ENDPOINTS, None, None, _ENDED),
    Reason.ALLOWED_MODELS: Words(None, None, None, "{model} is not an allowed model of the {layer}."),
    Reason.IGNORED_MODELS: Words(None, None, None, "{model} is an ignored model of the {layer}."),
    Reason.DATA_REGION: Words(None, None, None, "Requests through this host are not allowed by the {layer}."),
    Reason.SURFACE: Words(Code.WRONG_ENDPOINT, None, "model", "{model} is not served here; use {detail}."),
    Reason.REGION: Words(
        Code.CONSTRAINT_FILTERED, "data_region", None, "No endpoints for {model} process data in the region asked for."
    ),
    Reason.ALLOWED_PROVIDERS: Words(
        Code.NO_ENDPOINTS, "allowed_providers", None, "No allowed providers are available for the selected model."
    ),
    Reason.IGNORED_PROVIDERS: Words(
        Code.NO_ENDPOINTS, "allowed_providers", None, "All providers of the selected model are ignored."
    ),
    Reason.FALLBACK: Words(
        Code.NO_ENDPOINTS, "allowed_providers", None, "None of the providers in `provider.order` hosts {model}."
    ),
    Reason.TRAINING: Words(Code.PRIVACY_RESTRICTED, "data_policy:training", None, _TRAINING),
    Reason.PUBLICATION: Words(Code.PRIVACY_RESTRICTED, "data_policy:training", None, _TRAINING),
    Reason.DATA_COLLECTION: Words(Code.PRIVACY_RESTRICTED, "data_policy:training", None, _TRAINING),
    Reason.ZDR: Words(
        Code.PRIVACY_RESTRICTED,
        "data_policy:zdr",
        None,
        "No endpoints for {model} match your data policy (zero data retention).",
    ),
    Reason.DISTILLABLE: Words(
        Code.CONSTRAINT_FILTERED, None, "enforce_distillable_text", "The author of {model} permits no distillation."
    ),
    Reason.QUANTIZATION: Words(
        Code.CONSTRAINT_FILTERED, "quantization", "quantizations", "No endpoints for {model} in these quantizations."
    ),
    Reason.MODALITIES: Words(
        Code.CONSTRAINT_FILTERED, "require_parameters", "modalities", "No endpoints for {model} read {detail}."
    ),
    Reason.PARAMETERS: Words(
        Code.CONSTRAINT_FILTERED,
        "require_parameters",
        "require_parameters",
        "No endpoints for {model} support all of the requested parameters.",
    ),
    Reason.CONTEXT: Words(
        Code.CONSTRAINT_FILTERED,
        "context_length",
        None,
        "No endpoints for {model} under these preferences have a window of {tokens} tokens.",
    ),
    Reason.MAX_PRICE: Words(
        Code.CONSTRAINT_FILTERED, "max_price", "max_price", "No endpoints for {model} at or under the maximal price."
    ),
}
TRAINS: Final = {
    Reason.TRAINING: "model training",
    Reason.PUBLICATION: "prompt publication",
    Reason.DATA_COLLECTION: "data collection",
}
