"""The documentation says what the rows say: every filter, order, setting and command is in its table."""

import re
from pathlib import Path

import pytest

from trunkline.cli.main import COMMANDS
from trunkline.server.domain.catalog import query
from trunkline.server.domain.catalog.sorts import SORTS
from trunkline.server.http.app import OPERATIONS
from trunkline.server.settings import ROWS

ROOT = Path(__file__).parents[2]
DOCS = "\n".join(path.read_text() for path in (ROOT / "docs").glob("*.md")) + (ROOT / "README.md").read_text()


def rows(page: str) -> dict[str, str]:
    """Return the table rows of a page by what their first cell sets as code."""
    return dict(re.findall(r"^\| `([^`]+)` \|(.*)\|$", (ROOT / "docs" / page).read_text(), re.MULTILINE))


@pytest.mark.parametrize("row", [row for row in query.MODEL_LIST if row.name != "sort"], ids=lambda row: row.name)
def test_each_parameter_is_documented_in_its_own_words(row):
    assert row.meaning in rows("api.md")[row.name]


@pytest.mark.parametrize("sort", SORTS.values(), ids=lambda sort: sort.name)
def test_each_order_is_documented_in_its_own_words(sort):
    assert sort.meaning in rows("api.md")[sort.name]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_each_setting_is_documented_with_its_variable_and_flag(row):
    cells = rows("configuration.md")[row.name]
    assert row.help in cells
    assert all(f"`{name}`" in cells for name in (row.variable, row.flag) if name)


def test_nothing_is_documented_that_is_not_there():
    assert set(rows("configuration.md")) == {row.name for row in ROWS}
    assert set(rows("api.md")) >= set(SORTS)


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: f"{operation.method} {operation.path}")
def test_each_operation_is_named_in_the_documentation(operation):
    assert operation.path.removeprefix("/api/v1") in DOCS


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_each_command_is_named_in_the_documentation(command):
    assert re.search(rf"trunkline {command.name}\b", DOCS)
