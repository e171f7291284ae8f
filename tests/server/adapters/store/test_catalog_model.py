"""The store beside the simplest thing that could be right: one dictionary per revision."""

import shutil
import tempfile
from pathlib import Path
from typing import ClassVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from tests.postgres import Server
from trunkline.server.adapters.store.catalog import open_catalog_store
from trunkline.server.domain.catalog.facts import Change, Fact, Kind, Layered

Identity = tuple[str, Kind, str]

identities = st.tuples(st.sampled_from(["", "eu", "team"]), st.sampled_from(Kind), st.sampled_from("abcde"))
contents = st.tuples(st.sampled_from([b"{}", b'{"a": 1}', b"\xff"]), st.sampled_from([b"{}", b'{"n":0}']))
states = st.dictionaries(identities, contents, max_size=12)


def layered(identity: Identity, content: tuple[bytes, bytes] | None) -> Layered | None:
    layer, kind, key = identity
    return None if content is None else Layered(layer, Fact(kind, key, *content, "model"))


def changes(before: dict, after: dict) -> list[Change]:
    """What leads from one dictionary to the other, in the order of their keys."""
    return [
        Change(layered(each, before.get(each)), layered(each, after.get(each)))
        for each in dict.fromkeys([*before, *after])
        if before.get(each) != after.get(each)
    ]


def by_identity(found: list[Change]) -> list[Change]:
    def identity(change: Change) -> Identity:
        side = change.after or change.before
        return side.layer, side.fact.kind.value, side.fact.key

    return sorted(found, key=identity)


class StoreMachine(RuleBasedStateMachine):
    """Commits states at random; whatever was committed must be read back, from every revision to every other."""

    def __init__(self) -> None:
        super().__init__()
        self.location = self.create()
        self.store = open_catalog_store(self.location)
        self.revisions: list[dict] = [{}]
        self.places: dict[Identity, int] = {}

    def create(self) -> str:
        """Return where an empty store of this run's own is."""
        return str(Path(tempfile.mkdtemp()) / "trunkline.db")

    def drop(self) -> None:
        shutil.rmtree(Path(self.location).parent)

    def commit(self, after: dict) -> None:
        made = changes(self.revisions[-1], after)
        number = len(self.revisions)
        revision = self.store.commit(number - 1, f"state {number}", number, made)
        assert revision.added + revision.changed + revision.removed == len(made)
        for change in made:
            if change.after is not None:
                identity = (change.after.layer, change.after.fact.kind, change.after.fact.key)
                self.places.setdefault(identity, len(self.places))
        self.revisions.append(dict(after))

    @rule(after=states)
    def replace_everything(self, after: dict) -> None:
        self.commit(after)

    @rule(identity=identities, content=contents)
    def put_one(self, identity: Identity, content: tuple[bytes, bytes]) -> None:
        self.commit({**self.revisions[-1], identity: content})

    @precondition(lambda self: self.revisions[-1])
    @rule(data=st.data())
    def remove_one(self, data: st.DataObject) -> None:
        gone = data.draw(st.sampled_from(list(self.revisions[-1])))
        self.commit({each: content for each, content in self.revisions[-1].items() if each != gone})

    @rule(data=st.data())
    def roll_back(self, data: st.DataObject) -> None:
        target = data.draw(st.integers(0, len(self.revisions) - 1))
        head = len(self.revisions) - 1
        self.store.commit(head, f"rollback to {target}", head, list(self.store.diff(head, target)))
        self.revisions.append(self.revisions[target])

    @rule()
    def reopen(self) -> None:
        self.store.close()
        self.store = open_catalog_store(self.location)

    @invariant()
    def every_revision_reads_as_it_was_committed(self) -> None:
        assert self.store.head() == len(self.revisions) - 1
        for number, state in enumerate(self.revisions):
            expected = sorted(state, key=lambda each: (each[0], each[1].value, self.places[each]))
            assert list(self.store.facts(number)) == [layered(each, state[each]) for each in expected]

    @invariant()
    def every_pair_of_revisions_differs_as_their_dictionaries_do(self) -> None:
        for older, before in enumerate(self.revisions):
            for newer, after in enumerate(self.revisions):
                assert list(self.store.diff(older, newer)) == by_identity(changes(before, after))

    def teardown(self) -> None:
        self.store.close()
        self.drop()


class ServerMachine(StoreMachine):
    """The same on PostgreSQL; `postgres` is set by the fixture below."""

    postgres: ClassVar[Server]

    def create(self) -> str:
        return self.postgres.create_prepared()

    def drop(self) -> None:
        self.postgres.drop(self.location)


@pytest.fixture
def server(postgres: Server) -> None:
    ServerMachine.postgres = postgres


TestTemporalStore = StoreMachine.TestCase
TestTemporalStoreOnServer = pytest.mark.usefixtures("server")(ServerMachine.TestCase)
TestTemporalStoreOnServer.settings = settings(max_examples=5, stateful_step_count=7, deadline=None)
TestTemporalStore.settings = settings(
    max_examples=25, stateful_step_count=7, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
