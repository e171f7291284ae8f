"""Every page of the site, in the order of its menu; a new one is a row in a file of `routes` and that file here."""

from __future__ import annotations

from trunkline.server.http.app import OPERATIONS
from trunkline.server.http.hosts import HostTable
from trunkline.server.http.operations import Context
from trunkline.server.usecases.session_ports import Attempts, Sessions
from trunkline.server.web.page import Page
from trunkline.server.web.routes import (
    accounts,
    activity,
    audit,
    byok,
    charts,
    chat,
    compare,
    costs,
    explanations,
    generations,
    govern,
    guardrails,
    home,
    imports,
    keys,
    members,
    model,
    models,
    providers,
    rankings,
    signing,
    workspaces,
)
from trunkline.server.web.site import Web
from trunkline.server.web.visit import Doors

PAGES: tuple[Page, ...] = (
    *home.PAGES,
    *models.PAGES,
    *compare.PAGES,
    *charts.PAGES,
    *costs.PAGES,
    *rankings.PAGES,
    *chat.PAGES,
    *govern.PAGES,
    *keys.PAGES,
    *guardrails.PAGES,
    *explanations.PAGES,
    *workspaces.PAGES,
    *members.PAGES,
    *accounts.PAGES,
    *activity.PAGES,
    *generations.PAGES,
    *providers.PAGES,
    *byok.PAGES,
    *imports.PAGES,
    *audit.PAGES,
    *signing.PAGES,
    *model.PAGES,  # last: feeds' addresses are any two words
)


def create(context: Context, hosts: HostTable, *, sessions: Sessions, attempts: Attempts) -> Web:
    """Return the site over everything that the API reaches."""
    return Web(context, PAGES, Doors(sessions, attempts), hosts, [operation.path for operation in OPERATIONS])
