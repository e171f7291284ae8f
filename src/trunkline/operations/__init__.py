"""What the API's operations take and answer, under the names that its documentation uses."""

from __future__ import annotations

from trunkline.operations.async_pages import AsyncModelsPage
from trunkline.operations.endpoints import (
    ListEndpointsResponse,
    ListEndpointsZdrResponse,
    ListProvidersData,
    ListProvidersResponse,
)
from trunkline.operations.pages import ModelsPage
from trunkline.operations.security import ListModelsUserSecurity, ListModelsUserSecurityTypedDict
from trunkline.operations.words import (
    Distillable,
    GetModelsCategory,
    GetModelsSort,
    ListModelsUserSort,
    Region,
    Zdr,
)

GetModelsResponse = ModelsPage
ListModelsUserResponse = ModelsPage
ListEmbeddingsModelsResponse = ModelsPage

__all__ = [
    "AsyncModelsPage",
    "Distillable",
    "GetModelsCategory",
    "GetModelsResponse",
    "GetModelsSort",
    "ListEmbeddingsModelsResponse",
    "ListEndpointsResponse",
    "ListEndpointsZdrResponse",
    "ListModelsUserResponse",
    "ListModelsUserSecurity",
    "ListModelsUserSecurityTypedDict",
    "ListModelsUserSort",
    "ListProvidersData",
    "ListProvidersResponse",
    "ModelsPage",
    "Region",
    "Zdr",
]
