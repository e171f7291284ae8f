"""The operations that the client calls, a row each: path and the statuses that have an error of their own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Contract:
    """An operation: `path` has its parameters in braces; any status not in `errors` is an OpenRouterDefaultError."""

    id: str
    path: str
    errors: tuple[int, ...]


GET_MODEL: Final = Contract("getModel", "/model/{author}/{slug}", (403, 404, 500))
LIST_MODELS: Final = Contract("getModels", "/models", (400, 403, 500, 503))
COUNT_MODELS: Final = Contract("listModelsCount", "/models/count", (400, 403, 500))
LIST_MODELS_USER: Final = Contract("listModelsUser", "/models/user", (401, 403, 404, 500, 503))
LIST_ENDPOINTS: Final = Contract("listEndpoints", "/models/{author}/{slug}/endpoints", (403, 404, 500, 503))
LIST_ENDPOINTS_ZDR: Final = Contract("listEndpointsZdr", "/endpoints/zdr", (403, 500, 503))
LIST_PROVIDERS: Final = Contract("listProviders", "/providers", (500,))
LIST_EMBEDDINGS_MODELS: Final = Contract("listEmbeddingsModels", "/embeddings/models", (400, 500))
