"""`/organization/members` and `/organization/settings`."""

from __future__ import annotations

from functools import partial

from trunkline.server.domain.policy.account import Account
from trunkline.server.http import acting, answer, parameters
from trunkline.server.http import schemas_organization as schemas
from trunkline.server.http.answer import Answer
from trunkline.server.http.operations import API, Context
from trunkline.server.http.request import Request
from trunkline.server.http.views.filling import fill
from trunkline.server.usecases import accounts, members
from trunkline.server.usecases.accounts import SettingsPatch

_managed = partial(acting.managed, tag="Organization")


def _members(context: Context, request: Request) -> Answer:
    account_id, paging = acting.account(request).id, acting.paging(MEMBERS.read(request))
    page = members.list_members(context.accounts, account_id, paging)
    rows = [fill(schemas.OrganizationMember, row) for row in page.data]
    return answer.json({"data": rows, "total_count": page.total_count})


def _settings(context: Context, request: Request) -> Answer:
    return _shown(accounts.settings(context.accounts, acting.account(request).id))


def _change(context: Context, request: Request) -> Answer:
    body = request.read(SettingsPatch)
    return _shown(accounts.change_settings(context.accounts, acting.actor(request), body, clock=context.clock))


def _shown(account: Account) -> Answer:
    return answer.json({"data": fill(schemas.OrganizationSettings, account)})


MEMBERS = _managed(
    id="listOrganizationMembers",
    path=f"{API}/organization/members",
    summary="List the members of the organisation",
    parameters=parameters.PAGING,
    answers=schemas.ListOrganizationMembersResponse,
    errors=(400, 401, 403, 404),
    handler=_members,
)
OPERATIONS = (
    MEMBERS,
    _managed(
        id="getOrganizationSettings",
        path=f"{API}/organization/settings",
        summary="Get the organisation's settings",
        answers=schemas.OrganizationSettingsResponse,
        errors=(401, 403, 404),
        handler=_settings,
    ),
    _managed(
        id="updateOrganizationSettings",
        method="PATCH",
        path=f"{API}/organization/settings",
        summary="Change the organisation's settings",
        body=SettingsPatch,
        answers=schemas.OrganizationSettingsResponse,
        errors=(400, 401, 403, 404),
        handler=_change,
    ),
)
