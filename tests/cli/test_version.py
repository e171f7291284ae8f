"""`trunkline version` and what the command says to wrong usage."""

from __future__ import annotations

import subprocess
import sys
from importlib import metadata

import trunkline as package
from tests.conftest import COMMAND, Trunkline


def test_version_prints_the_version_of_the_installed_package(trunkline: Trunkline):
    for arguments in (["version"], ["--version"]):
        done = trunkline(*arguments)
        assert (done.returncode, done.stdout, done.stderr) == (0, f"trunkline {package.__version__}\n", "")
    assert metadata.version("trunkline") == package.__version__


def test_importing_the_package_loads_nothing_else():
    code = "import sys; before = set(sys.modules); import trunkline; print(*sorted(set(sys.modules) - before))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = [name for name in done.stdout.split() if name.partition(".")[0] not in sys.stdlib_module_names]
    assert loaded == ["trunkline"]


def test_version_loads_none_of_the_server_s_libraries():
    code = (
        "import sys; sys.argv = ['trunkline', 'version']\n"
        "from trunkline.cli.main import run; run(['version'])\n"
        "print(*sorted({'cyclopts', 'httptools', 'msgspec', 'rich', 'sqlalchemy'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[1:] == [""]


def test_without_the_server_extra_the_command_says_what_to_install():
    # -S leaves out site-packages: an interpreter on which nothing is installed.
    source = str(next(iter(package.__path__)).removesuffix("/trunkline"))
    code = f"import sys; sys.path.append({source!r}); from trunkline.cli.main import run; sys.exit(run(sys.argv[1:]))"
    bare = [sys.executable, "-S", "-c", code]
    done = subprocess.run([*bare, "config"], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr == "trunkline: this command needs more packages (cyclopts): pip install 'trunkline[server]'\n"
    assert subprocess.run([*bare, "version"], capture_output=True, text=True, check=False).returncode == 0


def test_wrong_usage_is_one_line_and_exit_code_2(trunkline: Trunkline):
    for arguments in (["nosuch"], ["config", "--bogus"], ["config", "extra"], ["config", "--home"]):
        done = trunkline(*arguments)
        assert (done.returncode, done.stdout) == (2, ""), arguments
        assert done.stderr.startswith("trunkline: "), arguments
        assert done.stderr.count("\n") == 1, arguments


def test_help_lists_every_command(trunkline: Trunkline):
    done = trunkline("--help")
    assert done.returncode == 0
    for command in ("serve", "config", "version"):
        assert command in done.stdout


def test_a_reader_that_goes_away_is_no_error(environment: dict[str, str]):
    for _ in range(3):
        writer = subprocess.Popen(
            [COMMAND, "config", "--json"], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        assert writer.stdout is not None
        assert writer.stderr is not None
        writer.stdout.close()
        with writer.stderr:
            assert writer.stderr.read() == b""
        assert writer.wait() == 141
