"""What keys would miss under a guardrail that is not saved yet: models that they called of late, on both databases."""

import datetime as dt
from typing import Any

import msgspec
import pytest

from tests.factories import NOON, M, fixture_delivery
from tests.server.adapters.memory.records import attempt, record
from tests.tenants import Tenant
from trunkline.server.adapters.store.generations import SqlRecords
from trunkline.server.adapters.store.journal import Settled
from trunkline.server.adapters.store.traffic import SqlTraffic
from trunkline.server.domain.catalog.builder import build
from trunkline.server.domain.catalog.facts import Layered
from trunkline.server.domain.catalog.snapshot import Snapshot
from trunkline.server.usecases.explanations import DAYS, GuardrailPreview, Left, Missed, preview_guardrail

DAY = 86_400
M1, M2, M5 = "openai/gpt-4-0613", "anthropic/claude-4.5-sonnet-20250929", f"{M['M4']}:free"
"""Permaslugs, as usage is kept under."""


@pytest.fixture(scope="module")
def catalogue() -> Snapshot:
    """Return the catalogue of the conformance cases."""
    return build([Layered("", fact) for fact in fixture_delivery().facts], 1, NOON)[0]


def call(tenant: Tenant, key_hash: str, permaslug: str, days_ago: int = 0, times: int = 1) -> None:
    """Settle calls of a model at noon some days ago."""
    told = {"account_id": tenant.id, "key_hash": key_hash, "permaslug": permaslug, "created": NOON - days_ago * DAY}
    made = [record(**told, model="any", endpoint="any a 0", attempts=(attempt(),)) for _ in range(times)]
    SqlTraffic(tenant.database.engine).write([Settled(one, msgspec.json.encode(one)) for one in made], "run", NOON)


def previewed(tenant: Tenant, catalogue: Snapshot, **fields: Any) -> list[Left]:
    """Preview a guardrail."""
    return preview_guardrail(
        tenant.accounts,
        catalogue,
        tenant.id,
        msgspec.convert(fields, GuardrailPreview),
        catalogued=tenant.catalogued,
        clock=lambda: NOON,
        records=SqlRecords(tenant.database.engine),
    )


def day(days_ago: int) -> dt.date:
    """Return the day so many before the one of the conformance cases."""
    return dt.datetime.fromtimestamp(NOON, dt.UTC).date() - dt.timedelta(days=days_ago)


def test_a_preview_names_the_keys_that_lose_models_which_they_called_the_most_called_first(acme, catalogue):
    heavy, light, idle = acme.key("heavy"), acme.key("light"), acme.key("idle")
    call(acme, heavy.hash, M2, days_ago=3, times=2)
    call(acme, heavy.hash, M2, days_ago=DAYS)
    call(acme, heavy.hash, M1)
    call(acme, light.hash, "openai/gpt-oss-120b", days_ago=1)
    (left,) = previewed(acme, catalogue, allowed_providers=["azure"])
    assert {key.hash for key in left.keys} == {heavy.hash, light.hash, idle.hash}
    assert left.missed == {
        heavy.hash: [Missed(M["M2"], 3, day(3))],
        light.hash: [Missed(M["M6"], 1, day(1))],
    }
    (left,) = previewed(acme, catalogue, allowed_providers=["deepinfra"], key_hashes=[heavy.hash])
    assert left.missed == {heavy.hash: [Missed(M["M2"], 3, day(3)), Missed(M["M1"], 1, day(0))]}


def test_calls_of_31_days_ago_of_other_accounts_and_of_models_that_stay_are_not_missed(acme, other, catalogue):
    key = acme.key()
    call(acme, key.hash, M2, days_ago=DAYS + 1)
    call(acme, key.hash, M1)
    call(other, key.hash, M2)
    (left,) = previewed(acme, catalogue, allowed_providers=["azure"])
    assert M["M2"] in left.remaining.lost
    assert left.missed == {}


def test_what_a_key_could_not_use_any_more_anyway_is_not_missed(acme, catalogue):
    key = acme.key()
    call(acme, key.hash, M5)
    (left,) = previewed(acme, catalogue, ignored_providers=["freehost"])
    assert left.missed == {}


def test_more_keys_than_one_statement_takes_are_asked_after(acme, catalogue):
    last = acme.key()
    call(acme, last.hash, M2)
    found = SqlRecords(acme.database.engine).used(acme.id, [*(f"{n:064x}" for n in range(1200)), last.hash], 0, 10**6)
    assert [(row.key_hash, row.permaslug, row.requests) for row in found] == [(last.hash, M2, 1)]
    assert SqlRecords(acme.database.engine).used(acme.id, [], 0, 10**6) == []
