"""Our own operations on accounts, and the audit trail.

An account's management keys see it and change what it restricts. What an operator decides (which
accounts there are, their kind and the regional hosts that they may use) is left to the operator's account.
"""

from __future__ import annotations

from functools import partial

from msgspec import UNSET

from trunkline.server.domain.catalog import parsers
from trunkline.server.domain.catalog.query import Parameter
from trunkline.server.errors import Forbidden
from trunkline.server.http import acting, answer
from trunkline.server.http import schemas_accounts as schemas
from trunkline.server.http.answer import Answer
from trunkline.server.http.operations import OWN_API, Context
from trunkline.server.http.request import Request
from trunkline.server.http.views import accounts as view
from trunkline.server.usecases import accounts, audit, bodies
from trunkline.server.usecases.accounts import AccountCreate, AccountPatch

_ALL, _ONE, _OWN = f"{OWN_API}/accounts", f"{OWN_API}/accounts/{{id}}", f"{OWN_API}/account"
_OPERATORS = "Only management keys of the operator's account can do this"
_managed = partial(acting.managed, tag="Accounts")
_ENTRIES = 100


def _get_own(context: Context, request: Request) -> Answer:
    return _shown(context, acting.account(request).id)


def _change_own(context: Context, request: Request) -> Answer:
    body = request.read(AccountPatch)
    if not _operates(context, request) and (body.regions is not UNSET or body.kind is not UNSET):
        raise Forbidden(_OPERATORS)
    return _change(context, request, acting.account(request).id, body)


def _list(context: Context, request: Request) -> Answer:
    _require_operator(context, request)
    return answer.json({"data": [view.account(row) for row in accounts.list_accounts(context.accounts)]})


def _create(context: Context, request: Request) -> Answer:
    _require_operator(context, request)
    body = request.read(AccountCreate)
    actor = acting.actor(request, bodies.new_id(context.entropy))
    made = accounts.create(context.accounts, actor, body, clock=context.clock, entropy=context.entropy)
    return answer.json({"data": view.account(made.account), "key": made.text}, status=201)


def _get(context: Context, request: Request) -> Answer:
    _require_operator(context, request)
    return _shown(context, request.params["id"])


def _update(context: Context, request: Request) -> Answer:
    _require_operator(context, request)
    return _change(context, request, request.params["id"], request.read(AccountPatch))


def _audit(context: Context, request: Request) -> Answer:
    values = AUDIT.read(request)
    limit = values.pop("limit", _ENTRIES)
    found = audit.entries(context.accounts, acting.account(request).id, limit=limit, **values)
    following = found[-1].id if len(found) == limit else None
    return answer.json({"data": [view.entry(row) for row in found], "next_before": following})


def _shown(context: Context, account_id: str) -> Answer:
    return answer.json({"data": view.account(accounts.get(context.accounts, account_id))})


def _change(context: Context, request: Request, account_id: str, body: AccountPatch) -> Answer:
    changed = accounts.update(
        context.accounts,
        acting.actor(request, account_id),
        body,
        clock=context.clock,
        catalogued=acting.items(context, account_id),
    )
    return answer.json({"data": view.account(changed)})


def _operates(context: Context, request: Request) -> bool:
    return context.operator is not None and acting.account(request).id == context.operator


def _require_operator(context: Context, request: Request) -> None:
    if not _operates(context, request):
        raise Forbidden(_OPERATORS)


AUDIT = _managed(
    id="listAudit",
    path=f"{OWN_API}/audit",
    summary="List what was changed in the account, by whom and from where",
    parameters=(
        Parameter("noun", parsers.text, {"type": "string", "examples": ["key"]}, "Only rows of this kind."),
        Parameter("noun_id", parsers.text, {"type": "string"}, "Only the row of this id."),
        Parameter("before", parsers.integer(1), {"type": "integer", "minimum": 1}, "Only entries with lower ids."),
        Parameter(
            "limit",
            parsers.integer(1, 1000),
            {"type": "integer", "minimum": 1, "maximum": 1000, "default": _ENTRIES},
            "Rows of a page.",
        ),
    ),
    answers=schemas.ListAuditResponse,
    errors=(400, 401, 403),
    handler=_audit,
)
OPERATIONS = (
    _managed(
        id="getAccount",
        path=_OWN,
        summary="Get the account with what it restricts",
        answers=schemas.AccountResponse,
        errors=(401, 403, 404),
        handler=_get_own,
    ),
    _managed(
        id="updateAccount",
        method="PATCH",
        path=_OWN,
        summary="Change what the account restricts for every one of its keys",
        description="What is absent stays, null removes. `kind` and `regions` are the operator's to change.",
        body=AccountPatch,
        answers=schemas.AccountResponse,
        errors=(400, 401, 403, 404),
        handler=_change_own,
    ),
    AUDIT,
    _managed(
        id="listAccounts",
        path=_ALL,
        summary="List every account",
        description="For management keys of the account that the setting `operator` names.",
        answers=schemas.ListAccountsResponse,
        errors=(401, 403),
        handler=_list,
    ),
    _managed(
        id="createAccount",
        method="POST",
        path=_ALL,
        summary="Make an account with its first management key",
        description="For management keys of the account that the setting `operator` names. The key is in this "
        "answer and nowhere else.",
        body=AccountCreate,
        answers=schemas.CreatedAccountResponse,
        status=201,
        errors=(400, 401, 403),
        handler=_create,
    ),
    _managed(
        id="getAnyAccount",
        path=_ONE,
        summary="Get an account",
        description="For management keys of the account that the setting `operator` names.",
        answers=schemas.AccountResponse,
        errors=(401, 403, 404),
        handler=_get,
    ),
    _managed(
        id="updateAnyAccount",
        method="PATCH",
        path=_ONE,
        summary="Change an account",
        description="For management keys of the account that the setting `operator` names.",
        body=AccountPatch,
        answers=schemas.AccountResponse,
        errors=(400, 401, 403, 404),
        handler=_update,
    ),
)
