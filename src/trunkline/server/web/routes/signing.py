"""`/signin` and `/signout`."""

from __future__ import annotations

import secrets

from trunkline.server.errors import Forbidden, Unauthorized
from trunkline.server.http.answer import Answer
from trunkline.server.usecases import sessions
from trunkline.server.web import cookies
from trunkline.server.web.page import Entry, Page
from trunkline.server.web.visit import Visit

AFTER = "/models"
"""Where signing in leads when nothing else was asked for."""


def local(path: str) -> str:
    """Return a path of this site as it was asked for; anything that a browser could read otherwise is `AFTER`."""
    plain = path.isascii() and path.isprintable() and "\\" not in path and " " not in path
    return path if plain and path.startswith("/") and not path.startswith("//") else AFTER


def _form(visit: Visit, problem: str = "", status: int = 200) -> Answer:
    if visit.who is not None:
        return visit.redirect(local(dict(visit.pairs).get("next", AFTER)))
    asked = visit.field("next") if visit.request.method == "POST" else dict(visit.pairs).get("next", "")
    if not visit.form_token:
        visitor = secrets.token_hex(32)
        visit.form_token = cookies.form_token(visitor)
        visit.set_cookies.append(cookies.kept(cookies.VISITOR, visitor, secure=visit.secure))
    return visit.render(
        "signin.html", status=status, problem=problem, next=local(asked), idle_hours=sessions.IDLE // 3600
    )


def _sign_in(visit: Visit) -> Answer:
    context, doors = visit.context, visit.doors
    doors.attempts.take(visit.client, context.clock())
    try:
        token, visit.who = sessions.sign_in(
            context.accounts,
            doors.sessions,
            visit.field("key").strip(),
            clock=context.clock,
            entropy=context.entropy,
        )
    except (Unauthorized, Forbidden) as error:
        return _form(visit, error.message, error.status)
    doors.attempts.forget(visit.client)
    if visit.token:
        sessions.sign_out(doors.sessions, visit.token)
    visit.set_cookies.append(cookies.kept(cookies.SESSION, token, secure=visit.secure))
    return visit.redirect(local(visit.field("next")))


def _sign_out(visit: Visit) -> Answer:
    sessions.sign_out(visit.doors.sessions, visit.token)
    visit.set_cookies.append(cookies.kept(cookies.SESSION, "", secure=visit.secure, seconds=0))
    return visit.redirect(AFTER)


PAGES = (
    Page("/signin", _form, entry=Entry.ANYBODY),
    Page("/signin", _sign_in, method="POST", entry=Entry.ANYBODY, body_limit=4096),
    Page("/signout", _sign_out, method="POST"),
)
