"""What the catalogue's store keeps, in which order, and what it refuses."""

import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import event

from trunkline.server.adapters.store import statements
from trunkline.server.adapters.store.catalog import SqlCatalogStore
from trunkline.server.domain.catalog.facts import Change, Fact, Kind, Layered, Revision
from trunkline.server.errors import FeedRefused, RevisionConflict, RevisionNotFound

HOSTILE_KEYS = [
    "",
    " ",
    "'",
    '"',
    "'; DROP TABLE facts; --",
    "%s %(row_key)s :row_key ?1 $1 {0}",
    "\\'\\",
    "a\nb\tc\x01\x7f",
    "LIKE%_",
    "Straße",
    "STRASSE",
    "caf\u00e9",
    "cafe\u0301",
    "\U0001f600\u202e\ufeff\uffff\U0010ffff",
    "k" * 10_000,
]


def row(key: str, wire: bytes = b"{}", layer: str = "", kind: Kind = Kind.MODEL, notes: bytes = b"{}") -> Layered:
    return Layered(layer, Fact(kind, key, wire, notes, "a source"))


def added(*rows: Layered) -> list[Change]:
    return [Change(None, each) for each in rows]


def keys(store: SqlCatalogStore, revision: int | None = None) -> list[str]:
    return [each.fact.key for each in store.facts(revision)]


def stored_versions(path: Path) -> int:
    connection = sqlite3.connect(path)
    (count,) = connection.execute("SELECT count(*) FROM facts").fetchone()
    connection.close()
    return count


def test_a_new_store_is_at_revision_0_and_empty(store):
    assert store.head() == 0
    assert list(store.facts()) == list(store.facts(0)) == list(store.diff(0, 0)) == store.history() == []


@pytest.mark.parametrize(
    "wire", [b'{ "a" : 1.0e-06,"a":2,\n"\\u0000": "\xc3\xa9" }', b"\x00\xff\xfe not even text", b"", b"9" * 100_000]
)
def test_rows_come_back_byte_for_byte(store, open_store, wire):
    first = row("a", wire, notes=wire[::-1])
    store.commit(0, "import", 7, added(first))
    assert list(store.facts()) == list(open_store().facts(1)) == [first]


def test_hostile_names_come_back_exactly(store, open_store):
    rows = [row(key, layer=layer, wire=key.encode()) for layer in ("", *HOSTILE_KEYS[1:]) for key in HOSTILE_KEYS]
    store.commit(0, HOSTILE_KEYS[4], 7, added(*rows))
    ended = [Change(each, None) for each in rows if each.layer == HOSTILE_KEYS[4]]
    store.commit(1, "", 8, ended)

    def order(each: Layered) -> tuple[str, int]:
        return each.layer, rows.index(each)

    again = open_store()
    assert list(again.facts(1)) == sorted(rows, key=order)
    assert list(again.facts()) == sorted((each for each in rows if each.layer != HOSTILE_KEYS[4]), key=order)
    assert [each.title for each in again.history()] == ["", HOSTILE_KEYS[4]]


def test_no_name_ever_becomes_part_of_a_statement(store):
    seen: set[str] = set()
    event.listen(store._engine, "before_cursor_execute", lambda _c, _cursor, text, *_: seen.add(text))

    def statements_of(key: str, parent: int) -> set[str]:
        seen.clear()
        store.commit(parent, key, 7, added(row(key, layer=key)))
        store.commit(parent + 1, key, 7, [Change(row(key, layer=key), row(key, b"[]", layer=key))])
        assert len(list(store.facts())) == len(list(store.diff(0, parent + 2)))
        return set(seen)

    ordinary = statements_of("openai/gpt-4", 0)
    for number, key in enumerate(HOSTILE_KEYS, 1):
        assert statements_of(key, number * 2) == ordinary


@pytest.mark.parametrize("bad", ["nul\0", "\ud800"])
@pytest.mark.parametrize("field", ["title", "key", "layer", "source"])
def test_names_that_not_every_database_holds_are_refused_with_their_field(store, bad, field):
    names = {"title": "t", "key": "k", "layer": "l", "source": "s", field: bad}
    fact = Layered(names["layer"], Fact(Kind.ALIAS, names["key"], b"{}", b"{}", names["source"]))
    with pytest.raises(FeedRefused) as refusal:
        store.commit(0, names["title"], 7, added(row("good"), fact))
    assert [problem.field for problem in refusal.value.problems] == [field]
    assert str(refusal.value.problems[0]).encode()
    assert store.head() == 0
    assert list(store.facts()) == []


def test_an_import_writes_only_the_rows_that_it_changes(store, path):
    rows = [row(f"m/{number}", b"1") for number in range(1000)]
    store.commit(0, "all", 7, added(*rows))
    three = [Change(rows[number], row(f"m/{number}", b"2")) for number in (0, 500, 999)]
    assert store.commit(1, "three", 8, three) == Revision(2, 8, "three", added=0, changed=3, removed=0)
    assert stored_versions(path) == 1003
    assert [each.fact.wire for each in store.facts(1)] == [b"1"] * 1000
    assert list(store.diff(1, 2)) == three


def test_facts_come_by_layer_with_the_base_first_then_kind_then_place(store):
    rows = [
        row("b", layer="team"),
        row("z"),
        row("a"),
        row("z 1", kind=Kind.ENDPOINT),
        row("z 0", kind=Kind.ENDPOINT),
        row("c", layer="Team"),
        row("gpt", kind=Kind.ALIAS),
    ]
    store.commit(0, "", 7, added(*rows))
    assert keys(store) == keys(store, 1) == ["gpt", "z 1", "z 0", "z", "a", "c", "b"]


def test_a_changed_row_keeps_its_place_a_new_one_is_last_and_one_that_returns_takes_its_old_place(store):
    store.commit(0, "", 7, added(row("a"), row("b"), row("c")))
    store.commit(1, "", 7, [Change(row("b"), None), Change(row("a"), row("a", b"2")), Change(None, row("d"))])
    assert keys(store) == ["a", "c", "d"]
    store.commit(2, "", 7, added(row("e"), row("b")))
    assert keys(store) == keys(store, 3) == ["a", "b", "c", "d", "e"]
    assert keys(store, 2) == ["a", "c", "d"]


def test_committing_a_diff_backwards_restores_the_earlier_revision_in_content_and_order(store):
    store.commit(0, "", 7, added(row("a"), row("b"), row("c", layer="team")))
    store.commit(1, "", 7, [Change(row("a"), None), Change(row("b"), row("b", b"2")), Change(None, row("d"))])
    back = list(store.diff(2, 1))
    assert store.commit(2, "rollback to 1", 9, back) == Revision(3, 9, "rollback to 1", added=1, changed=1, removed=1)
    assert list(store.facts(3)) == list(store.facts(1))
    assert list(store.diff(1, 3)) == []


def test_a_diff_leaves_out_rows_that_only_changed_their_source_or_changed_back(store):
    first = row("a")
    other_source = Layered("", Fact(Kind.MODEL, "a", b"{}", b"{}", "another source"))
    store.commit(0, "", 7, added(first, row("b")))
    store.commit(1, "", 7, [Change(first, other_source), Change(row("b"), row("b", b"2"))])
    store.commit(2, "", 7, [Change(row("b", b"2"), row("b"))])
    assert list(store.diff(1, 3)) == list(store.diff(3, 1)) == []
    assert list(store.diff(1, 2)) == [Change(row("b"), row("b", b"2"))]


def test_a_commit_on_a_parent_that_is_not_the_newest_is_a_conflict_and_writes_nothing(store):
    store.commit(0, "first", 7, added(row("a")))
    for parent in (0, 2, -1):
        with pytest.raises(RevisionConflict):
            store.commit(parent, "second", 7, added(row("b")))
    assert store.head() == 1
    assert keys(store) == ["a"]


@pytest.mark.parametrize(
    "changes",
    [
        [Change(row("missing"), None)],
        [Change(row("missing"), row("missing", b"2"))],
        [Change(row("a"), None), Change(row("a"), None)],
        added(row("a", b"2")),
        added(row("n"), row("n")),
        [Change(None, None)],
    ],
)
def test_changes_that_do_not_fit_their_parent_are_an_error_and_write_nothing(store, path, changes):
    store.commit(0, "first", 7, added(row("a"), row("b")))
    with pytest.raises(ValueError, match="change"):
        store.commit(1, "second", 7, [*added(row("new")), *changes])
    assert store.head() == 1
    assert keys(store) == ["a", "b"]
    assert stored_versions(path) == 2


def test_the_database_itself_refuses_a_second_current_row_and_an_unknown_revision(store, path):
    store.commit(0, "first", 7, added(row("a")))
    insert = "INSERT INTO facts (layer, kind, key, position, wire, notes, source, first_revision)"
    with store._engine.connect() as connection:
        raw = connection.connection.driver_connection
        with pytest.raises(sqlite3.IntegrityError, match="UNIQUE"):
            raw.execute(f"{insert} VALUES ('', 'model', 'a', 9, '', '', '', 1)")
        with pytest.raises(sqlite3.IntegrityError, match="FOREIGN KEY"):
            raw.execute(f"{insert} VALUES ('', 'model', 'b', 9, '', '', '', 99)")


@pytest.mark.parametrize("unknown", [-1, 2, 2**31, 10**30, -(10**30)])
def test_a_revision_that_never_was_is_not_found_before_the_first_row_is_asked_for(store, unknown):
    store.commit(0, "first", 7, [])
    for ask in (
        lambda: store.facts(unknown),
        lambda: store.diff(unknown, 1),
        lambda: store.diff(1, unknown),
    ):
        with pytest.raises(RevisionNotFound):
            ask()


def test_history_lists_the_newest_first_page_by_page(store):
    made = [store.commit(number, f"import {number}", 100 + number, []) for number in range(5)]
    assert store.history() == made[::-1]
    assert store.history(limit=2) == [made[4], made[3]]
    assert store.history(limit=2, before=4) == [made[2], made[1]]
    assert store.history(before=1) == store.history(before=-(10**30)) == []
    assert store.history(before=10**30) == store.history()


def test_a_reader_sees_one_state_while_others_commit(store, open_store):
    rows = [row(f"m/{number:04}") for number in range(2000)]
    store.commit(0, "", 7, added(*rows))
    reading = open_store().facts()
    assert next(reading) == rows[0]
    store.commit(1, "", 7, [Change(each, None) for each in rows])
    assert list(reading) == rows[1:]
    assert list(store.facts()) == []


def test_an_iterator_that_is_given_up_hands_its_connection_back(store):
    store.commit(0, "", 7, added(row("a"), row("b")))
    for _ in range(40):
        next(store.facts())
    given_up = [store.facts() for _ in range(40)]
    assert [each.fact.key for each in given_up[0]] == ["a", "b"]
    assert store._engine.pool.checkedout() == 0


def test_the_newest_catalogue_is_read_along_an_index_without_a_sort(store, path):
    store.commit(0, "", 7, added(*(row(str(number)) for number in range(100))))
    with store._engine.connect() as connection:
        newest = str(statements.CURRENT.compile(connection))
        plan = [each[3] for each in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {newest}")]
        head = str(statements.HEAD.compile(connection))
        poll = [each[3] for each in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {head}", (0,))]
    assert plan == ["SCAN facts USING INDEX facts_order"]
    assert poll == ["SEARCH revisions"]
