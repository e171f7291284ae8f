"""An organisation's members and settings, as the API shows them (spec 1.7, 2.11)."""

from __future__ import annotations

from msgspec import Struct


class OrganizationMember(Struct, kw_only=True):
    """A user of the organisation."""

    id: str
    email: str
    first_name: str | None
    last_name: str | None
    role: str


class ListOrganizationMembersResponse(Struct):
    """Members of the organisation, newest first; `total_count` counts all pages."""

    data: list[OrganizationMember]
    total_count: int


class OrganizationSettings(Struct):
    """With the filtered catalogue, `/models` shows a key of the organisation what `/models/user` shows it."""

    id: str
    is_filtered_model_catalog_enabled: bool


class OrganizationSettingsResponse(Struct):
    """The organisation's settings."""

    data: OrganizationSettings


class OrganizationMemberResponse(Struct):
    """A user of the organisation."""

    data: OrganizationMember
