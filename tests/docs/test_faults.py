"""The table of faults says what the rows say that are tested."""

from tests.gateway.fault_tables import GROUPS, PAGE, page


def test_the_tables_of_faults_are_those_of_the_rows():
    assert PAGE.read_text() == page(), "python -m tests.gateway.fault_tables writes them anew"


def test_every_row_says_what_is_seen():
    for rows in GROUPS.values():
        for row in rows:
            assert any(row.cells), row.name
            assert "|" not in row.what, row.name
