"""`trunkline explain`: why a key sees a model or does not, and the smallest change that would admit it."""

from __future__ import annotations

from typing import Annotated, Literal

from cyclopts import Parameter

from trunkline.cli.flags import In
from trunkline.cli.keys import find
from trunkline.cli.tables import show
from trunkline.cli.tenancy import Json, office, say, show_json, text
from trunkline.server.http.schemas_explain import RuleFailure, SettingChange
from trunkline.server.http.views.explanations import explained
from trunkline.server.usecases.explanations import explain_model

_HERE = In()


def explain(
    key: str,
    model: str,
    *,
    region: Annotated[Literal["eu", "us"] | None, Parameter(help="Region of the host that is asked.")] = None,
    json: Json = False,
    place: In = _HERE,
) -> None:
    """Explain why a key sees a model or does not: for every endpoint the rule, layer and setting.

    Example: `trunkline explain ci openai/gpt-4`

    Parameters
    ----------
    key
        Name, label, hash or the first digits of the hash.
    model
        Id, canonical slug or alias.
    """
    with office(place) as here:
        found = explain_model(
            here.accounts,
            here.snapshot(),
            here.account.id,
            find(here, key).hash,
            model,
            clock=here.clock,
            region=region,
            credentials=here.credentials(),
        )
    shown = explained(found)
    if json:
        show_json(shown)
        return
    say(f"{shown.key_name} {'sees' if shown.listed else 'does not see'} {shown.model}")
    if not shown.key_usable:
        say("the key itself is disabled or has expired")
    if shown.refused:
        say(f"the host refuses: {shown.refused}")
    rows = [(row.tag, _verdict(row.failures), _remedy(row.change)) for row in shown.endpoints]
    if not rows:
        rows = [("-", _verdict(shown.failures), _remedy(shown.change))]
    show(("endpoint", "because", "smallest change"), rows)


def _verdict(failures: list[RuleFailure]) -> str:
    return "\n".join(f"{row.layer}: {row.setting} {text(row.value)} ({row.rule})" for row in failures) or "passes"


def _remedy(change: list[SettingChange] | None) -> str:
    if change is None:
        return "none helps"
    return "\n".join(f"{row.layer}: {row.setting} {text(row.before)} -> {text(row.after)}" for row in change) or "-"
