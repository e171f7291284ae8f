"""What the operations on endpoints and providers answer."""

from __future__ import annotations

from trunkline.components.endpoints import ListEndpointsResponse as ModelEndpoints
from trunkline.components.endpoints import PublicEndpoint
from trunkline.components.view import View
from trunkline.types.unset import UNSET, OptionalNullable


class ListEndpointsResponse(View):
    """A model with its endpoints."""

    __slots__ = ()

    data: ModelEndpoints


class ListEndpointsZdrResponse(View):
    """The endpoints that retain no data."""

    __slots__ = ()

    data: list[PublicEndpoint]


class ListProvidersData(View):
    """A company that hosts models; places are ISO 3166-1 alpha-2 codes of countries."""

    __slots__ = ()

    name: str
    slug: str
    privacy_policy_url: str | None
    terms_of_service_url: OptionalNullable[str] = UNSET
    status_page_url: OptionalNullable[str] = UNSET
    headquarters: OptionalNullable[str] = UNSET
    datacenters: OptionalNullable[list[str]] = UNSET


class ListProvidersResponse(View):
    """The companies that host models."""

    __slots__ = ()

    data: list[ListProvidersData]
