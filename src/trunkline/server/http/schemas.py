"""The envelopes around the catalogue's objects, as msgspec types for the OpenAPI document (spec 1.6, 2.1)."""

from __future__ import annotations

from typing import Any

from msgspec import UNSET, Struct, UnsetType

from trunkline.server.domain.catalog.wire import Model, ModelArchitecture
from trunkline.server.domain.catalog.wire_endpoint import Provider, PublicEndpoint


class PageLinks(Struct):
    """`next` is the relative URL of the next page, null on the last."""

    next: str | None


class ModelsListResponse(Struct):
    """Models; `total_count` counts them after filters and before paging."""

    data: list[Model]
    total_count: int
    links: PageLinks


class ModelResponse(Struct):
    """One model."""

    data: Model


class ModelsCount(Struct):
    """How many models there are."""

    count: int


class ModelsCountResponse(Struct):
    """How many models there are."""

    data: ModelsCount


class ModelEndpoints(Struct):
    """A model with the endpoints that serve it."""

    id: str
    name: str
    created: int
    description: str
    architecture: ModelArchitecture
    endpoints: list[PublicEndpoint]


class ListEndpointsResponse(Struct):
    """A model with the endpoints that serve it."""

    data: ModelEndpoints


class EndpointsResponse(Struct):
    """Endpoints."""

    data: list[PublicEndpoint]


class ProvidersResponse(Struct):
    """Providers."""

    data: list[Provider]


class Health(Struct):
    """Whether the server is alive or ready, and with which revision of the catalogue.

    `catalogue_only` is true where no provider is configured: nothing can be called.
    """

    status: str
    revision: int | UnsetType = UNSET
    models: int | UnsetType = UNSET
    catalogue_only: bool | UnsetType = UNSET


class ErrorData(Struct):
    """`code` is the HTTP status; `metadata.issues` names wrong parameters and what they accept."""

    code: int
    message: str
    metadata: dict[str, Any] | None | UnsetType = UNSET


class ErrorResponse(Struct):
    """The one shape of every error."""

    error: ErrorData
    user_id: str | None | UnsetType = UNSET
    openrouter_metadata: dict[str, Any] | None | UnsetType = UNSET
