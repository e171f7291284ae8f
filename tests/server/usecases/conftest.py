"""Two tenants in one store, on both databases."""

import pytest

from tests.factories import NOON, fixture_delivery
from tests.tenants import Tenant, tenant
from trunkline.server.adapters.store.database import Database
from trunkline.server.domain.catalog.builder import build
from trunkline.server.domain.catalog.facts import Layered
from trunkline.server.domain.policy.merge import Items


@pytest.fixture(scope="session")
def items() -> Items:
    """Return the models and providers of the conformance cases."""
    snapshot, _ = build([Layered("", fact) for fact in fixture_delivery().facts], 1, NOON)
    return Items(snapshot, frozenset())


@pytest.fixture
def acme(database: Database, items: Items) -> Tenant:
    return tenant(database, items)


@pytest.fixture
def other(database: Database, items: Items) -> Tenant:
    return tenant(database, items, "other")
