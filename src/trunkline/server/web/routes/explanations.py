"""`/govern/explain`: why a key may or may not call a model, and the smallest change that would admit it."""

from __future__ import annotations

from trunkline.server.domain.policy.explain import Judged
from trunkline.server.domain.policy.layers import HOST_WORDS
from trunkline.server.errors import NotFound
from trunkline.server.http.answer import Answer
from trunkline.server.usecases import chosen_key, explanations
from trunkline.server.web.page import Page
from trunkline.server.web.visit import Visit

SHOWN = 40
"""Endpoints that are judged one by one on the page."""


def _explain(visit: Visit) -> Answer:
    assert visit.who is not None
    context, account_id, asked = visit.context, visit.who.account.id, dict(visit.pairs)
    keys = chosen_key.choices(context.accounts, account_id)
    found, problem = None, ""
    if asked.get("key") and asked.get("model"):
        regions = {word: region for region, word in HOST_WORDS.items()}
        try:
            found = explanations.explain_model(
                context.accounts,
                context.snapshot(),
                account_id,
                asked["key"],
                asked["model"].strip(),
                clock=context.clock,
                region=regions.get(asked.get("host", ""), visit.request.region),
                credentials=context.credentials,
            )
        except NotFound as error:
            problem = error.message
    judged = [] if found is None else sorted(found.explanation.endpoints, key=_least)
    return visit.render(
        "explain.html",
        block="verdict",
        asked=asked,
        keys=keys,
        hosts=list(HOST_WORDS.values()),
        found=found,
        judged=judged[:SHOWN],
        more=max(0, len(judged) - SHOWN),
        problem=problem,
        names=chosen_key.ENDPOINT_REASONS,
        reasons=chosen_key.REASONS,
        layers=chosen_key.LAYERS,
    )


def _least(judged: Judged) -> tuple[int, int]:
    """Sort what passes first, then what lacks least."""
    return (len(judged.failures), 99 if judged.change is None else len(judged.change))


PAGES = (Page("/govern/explain", _explain),)
