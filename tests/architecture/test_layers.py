"""The arrows between layers, and what import-linter cannot see: what the code in a layer does."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "src" / "trunkline"
SERVER = PACKAGE / "server"


def modules(folder: Path) -> Iterator[tuple[Path, ast.Module]]:
    for file in sorted(folder.rglob("*.py")):
        yield file.relative_to(ROOT), ast.parse(file.read_text(), str(file))


def imported(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def importing(folder: Path, *forbidden: str, but: Callable[[Path], bool] = lambda _: False) -> list[str]:
    return [
        f"{file} imports {name}"
        for file, tree in modules(folder)
        if not but(file)
        for name in imported(tree)
        if any(name == prefix or name.startswith(f"{prefix}.") for prefix in forbidden)
    ]


def test_the_import_contracts_of_pyproject_hold():
    linter = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([linter, "--no-logo", "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_http_does_not_import_adapters():
    assert not importing(SERVER / "http", "trunkline.server.adapters")


def test_routes_do_not_import_one_another():
    routes = "trunkline.server.http.routes"
    assert not [line for line in importing(SERVER / "http" / "routes", routes) if not line.endswith(f" {routes}")]


def test_only_the_composition_root_and_the_command_line_import_adapters():
    allowed = {"src/trunkline/server/runtime.py"}
    inside = ("src/trunkline/server/adapters/", "src/trunkline/cli/")
    assert not importing(
        PACKAGE, "trunkline.server.adapters", but=lambda file: str(file) in allowed or str(file).startswith(inside)
    )


def test_the_client_imports_nothing_of_the_server():
    parts = ("src/trunkline/server/", "src/trunkline/cli/")
    assert not importing(PACKAGE, "trunkline.server", "trunkline.cli", but=lambda file: str(file).startswith(parts))


def test_only_the_settings_read_the_environment():
    readers = [
        f"{file}:{node.lineno}"
        for file, tree in modules(PACKAGE)
        if file.name != "settings.py"
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and node.attr in {"environ", "getenv", "environb", "putenv"}
        and isinstance(node.value, ast.Name)
        and node.value.id == "os"
    ]
    assert not readers


def _impure(node: ast.AST) -> str | None:  # noqa: PLR0911 - one row per rule
    match node:
        case ast.AsyncFunctionDef() | ast.Await() | ast.AsyncFor() | ast.AsyncWith():
            return "awaits"
        case ast.Call(func=ast.Name(id="open" | "input" | "print" as name)):
            return f"calls {name}()"
        case ast.Call(
            func=ast.Attribute(attr="now" | "utcnow" | "today" | "monotonic" | "perf_counter" | "time_ns" as name)
        ):
            return f"reads the clock with .{name}()"
        case ast.Call(func=ast.Name(id="uuid1" | "uuid4" as name) | ast.Attribute(attr="uuid1" | "uuid4" as name)):
            return f"draws lots with {name}()"
        case ast.Call(func=ast.Attribute(value=ast.Name(id="time"), attr="time")):
            return "reads the clock with time.time()"
        case ast.Call(func=ast.Attribute(attr="read_text" | "read_bytes" | "write_text" | "write_bytes" as name)):
            return f"touches a file with .{name}()"
    return None


IMPURE_MODULES = (
    "random",
    "secrets",
    "os",
    "socket",
    "subprocess",
    "asyncio",
    "threading",
    "pyreqwest",
    "time",
)
IMPURE_LIBRARIES = ("httptools", "uvloop", "sqlalchemy", "alembic", "platformdirs")


def test_the_domain_is_pure():
    found = [
        f"{file}:{getattr(node, 'lineno', 0)} {what}"
        for file, tree in modules(SERVER / "domain")
        for node in ast.walk(tree)
        if (what := _impure(node))
    ]
    assert not found, "time and chance are arguments; files and sockets belong to adapters"
    assert not importing(SERVER / "domain", *IMPURE_MODULES, *IMPURE_LIBRARIES)


@pytest.mark.parametrize(
    "code",
    [
        "async def f(): ...",
        "open('x')",
        "datetime.now(UTC)",
        "time.time()",
        "Path('x').read_text()",
        "date.today()",
        "uuid4()",
    ],
)
def test_the_rule_of_purity_sees_what_it_should(code: str):
    assert any(_impure(node) for node in ast.walk(ast.parse(code)))


def test_every_module_with_code_says_what_it_is_for():
    silent = [str(file) for file, tree in modules(PACKAGE) if tree.body and not ast.get_docstring(tree)]
    assert not silent
