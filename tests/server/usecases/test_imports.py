"""An import is one revision or none; what is refused is listed and leaves the store as it was."""

import json

import pytest

from tests.shared_data import shared
from trunkline.server.adapters.feeds.formats import read_feed
from trunkline.server.adapters.feeds.known import Known
from trunkline.server.adapters.store.catalog import open_catalog_store
from trunkline.server.domain.catalog.builder import build
from trunkline.server.domain.catalog.facts import BASE, Delivery, Fact, Kind, Layered, Problem
from trunkline.server.errors import FeedRefused, RevisionConflict, RevisionNotFound
from trunkline.server.usecases import imports

NOW = 1_787_400_000


@pytest.fixture
def store(tmp_path):
    opened = open_catalog_store(tmp_path / "catalog.db")
    yield opened
    opened.close()


def judge(facts):
    return build(facts, 0, NOW)[1]


def model(name, price="0.1"):
    return {"id": name, "name": name, "pricing": {"prompt": price, "completion": price}}


def models(*rows):
    return read_feed(json.dumps(rows).encode(), "models.json", known=Known())


def bring(store, *deliveries, check=judge, **options):
    return imports.import_feeds(store, deliveries, title="import", clock=lambda: NOW + 0.5, check=check, **options)


def content(store, revision=None):
    return [(item.layer, item.fact.key, item.fact.wire) for item in store.facts(revision)]


def test_an_import_is_one_numbered_revision(store):
    outcome = bring(store, models(model("a/1"), model("a/2")))
    assert outcome.revision == store.history()[0]
    assert (outcome.revision.number, outcome.revision.created, outcome.revision.added) == (1, NOW, 2)
    assert {key for _, key, _ in content(store)} == {"a/1", "a/2"}


def test_an_import_without_a_change_makes_no_revision(store):
    bring(store, models(model("a/1")))
    outcome = bring(store, models(model("a/1")))
    assert outcome.revision is None
    assert not outcome.changed
    assert store.head() == 1


def test_a_trial_tells_the_changes_and_writes_nothing(store):
    outcome = bring(store, models(model("a/1")), write=False)
    assert outcome.changed
    assert outcome.revision is None
    assert store.head() == 0


def test_the_real_files_of_one_day_come_in_as_one_revision(store):
    names = ("openrouter-endpoints-2026-07-22.json", "openrouter-models-2026-07-22.json")
    deliveries = [read_feed(shared(f"data/{name}").read_bytes(), name, known=Known()) for name in names]
    outcome = bring(store, *deliveries)
    assert (outcome.revision.number, outcome.revision.added) == (1, 342 + 1023)
    assert outcome.plan.dropped == ()
    assert outcome.warnings == ()
    kept = {key: json.loads(wire) for _, key, wire in content(store)}
    for row in json.loads(shared("data/openrouter-models-2026-07-22.json").read_bytes())["data"]:
        assert kept[row["id"]] == row


def test_a_month_later_endpoints_of_surviving_models_stay_with_their_source(store):
    july = ("openrouter-models-2026-07-22.json", "openrouter-endpoints-2026-07-22.json")
    bring(store, *(read_feed(shared(f"data/{name}").read_bytes(), name, known=Known()) for name in july))
    august = "openrouter-models-2026-08-22.json"
    outcome = bring(store, read_feed(shared(f"data/{august}").read_bytes(), august, known=Known()))
    facts = [item.fact for item in store.facts()]
    ids = {fact.key for fact in facts if fact.kind is Kind.MODEL}
    assert len(ids) == 421
    endpoints = [fact for fact in facts if fact.kind is Kind.ENDPOINT]
    assert len(endpoints) + len(outcome.plan.dropped) == 1023
    assert {fact.source for fact in endpoints} == {july[1]}
    assert all(fact.key.split(" ")[0] in ids for fact in endpoints)
    assert all(key.split(" ")[0] not in ids for key in outcome.plan.dropped)


def test_what_is_refused_is_listed_whole_and_nothing_changes(store):
    bring(store, models(model("a/1")))
    bad = models(model("a/1", price=7), {"id": "A/2", "pricing": {}})
    worse = models(model("a/3", price="free"))
    with pytest.raises(FeedRefused) as refusal:
        bring(store, bad, worse)
    assert {(problem.row, problem.field) for problem in refusal.value.problems} == {
        ("a/1", "pricing.prompt"), ("a/1", "pricing.completion"), ("A/2", "id"),
        ("a/3", "pricing.prompt"), ("a/3", "pricing.completion"),
    }  # fmt: skip
    assert store.head() == 1


def test_a_catalogue_that_does_not_pass_the_check_is_refused(store):
    def check(facts):
        return [Problem("a/1", "name", "is silly"), Problem("a/2", "", "is odd", fatal=False)]

    with pytest.raises(FeedRefused) as refusal:
        bring(store, models(model("a/1")), check=check)
    assert [problem.row for problem in refusal.value.problems] == ["a/1"]
    assert store.head() == 0


def test_a_warning_refuses_nothing(store):
    outcome = bring(store, models(model("a/1")), check=lambda facts: [Problem("a/1", "", "is odd", fatal=False)])
    assert [problem.message for problem in outcome.warnings] == ["is odd"]
    assert store.head() == 1


def test_a_long_refusal_is_cut_and_counted(store):
    with pytest.raises(FeedRefused) as refusal:
        bring(store, models(model("a/1")), check=lambda facts: [Problem(f"a/{n}", "", "no") for n in range(300)])
    assert len(refusal.value.problems) == 101
    assert refusal.value.problems[-1].message == "and 200 more problems"


def test_what_is_out_of_bounds_needs_to_be_accepted(store):
    bring(store, models(model("a/1"), model("a/2")))
    wild = models(model("a/1", price="11"), model("a/2"))
    with pytest.raises(FeedRefused, match="can be accepted") as refusal:
        bring(store, wild)
    assert {problem.field for problem in refusal.value.problems} == {"pricing.prompt", "pricing.completion"}
    assert store.head() == 1
    assert bring(store, wild, accept=True).revision.number == 2


def test_accepting_bounds_accepts_nothing_else(store):
    with pytest.raises(FeedRefused):
        bring(store, models(model("a/1", price=7)), accept=True)


def commit_once_more(store, times):
    """Return a check during which somebody else commits: the moment between planning and writing."""
    left = iter(range(times))

    def check(facts):
        if (n := next(left, None)) is not None:
            overlay = Delivery("facts", "x", (Fact(Kind.MODEL, "o/1", b'{"n":%d}' % n),), layer="other")
            planned = imports.plan(list(store.facts()), [overlay], now=NOW)
            store.commit(store.head(), "somebody else", NOW, planned.changes)
        return ()

    return check


def test_an_import_that_was_overtaken_is_planned_anew(store):
    outcome = bring(store, models(model("a/1")), check=commit_once_more(store, imports.ATTEMPTS - 1))
    assert outcome.revision.number == imports.ATTEMPTS
    assert {key for _, key, _ in content(store)} == {"a/1", "o/1"}


def test_an_import_that_is_overtaken_every_time_gives_up(store):
    with pytest.raises(RevisionConflict):
        bring(store, models(model("a/1")), check=commit_once_more(store, imports.ATTEMPTS))
    assert "a/1" not in {key for _, key, _ in content(store)}


def test_a_rollback_is_a_new_revision_with_the_old_facts(store):
    bring(store, models(model("a/1"), model("a/2")))
    bring(store, models(model("a/2", price="0.2"), model("a/3")))
    revision = imports.rollback(store, 1, clock=lambda: NOW)
    assert (revision.number, revision.title) == (3, "rollback to 1")
    assert content(store) == content(store, 1)
    assert imports.rollback(store, 1, clock=lambda: NOW) is None
    for number in (0, -1, 9):
        with pytest.raises(RevisionNotFound):
            imports.rollback(store, number, clock=lambda: NOW)
    assert store.head() == 3


def test_differences_are_between_the_newest_two_unless_asked(store):
    bring(store, models(model("a/1")))
    bring(store, models(model("a/1"), model("a/2")))
    bring(store, models(model("a/1"), model("a/2"), model("a/3")))
    names = [[change.after.fact.key for change in imports.diff(store, *span)] for span in ((), (1,), (0, 2))]
    assert names == [["a/3"], ["a/2", "a/3"], ["a/1", "a/2"]]
    assert [revision.number for revision in imports.history(store, 2)] == [3, 2]


def test_progress_ends_every_step_that_it_began(store):
    steps = []
    bring(store, models(model("a/1")), progress=lambda *step: steps.append(step))
    assert [name for name, done, _ in steps if done == 0] == ["Loading", "Comparing", "Checking", "Writing"]
    assert [name for name, done, total in steps if done == total] == ["Loading", "Comparing", "Checking", "Writing"]


def test_an_overlay_survives_the_import_of_a_new_base(store):
    bring(store, models(model("a/1"), model("a/2")))
    text = b"trunkline: 1\nmodels: {a/1: {pricing: {prompt: 0.05}}, t/9: {name: Ours}}"
    bring(store, read_feed(text, "team.yaml", known=Known()))
    bring(store, models(model("a/2")))
    assert {(layer, key) for layer, key, _ in content(store)} == {(BASE, "a/2"), ("team", "a/1"), ("team", "t/9")}
    assert all(isinstance(item, Layered) for item in store.facts())
