"""The `trunkline` command: one row per subcommand, loaded when asked for; every refusal is one line on stderr."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from trunkline.server.errors import SettingsError, TrunklineError

FAILED: Final = 1
USAGE: Final = 2
INTERRUPTED: Final = 130
BROKEN_PIPE: Final = 141


@dataclass(frozen=True, slots=True)
class Command:
    """A subcommand: `target` is `module:attribute` of a function, or of a cyclopts App that has its own subcommands."""

    name: str
    target: str
    help: str


COMMANDS: Final = (
    Command("serve", "trunkline.cli.serve:serve", "Run the server."),
    Command("models", "trunkline.cli.models:models", "List models, with the filters and sorts of the API."),
    Command("model", "trunkline.cli.models:model", "Show one model with its endpoints."),
    Command("catalog", "trunkline.cli.catalog:app", "Import into the catalogue, and see or undo what changed."),
    Command("keys", "trunkline.cli.keys:app", "Make, list, change and delete API keys."),
    Command("guardrails", "trunkline.cli.guardrails:app", "Make, change and assign guardrails."),
    Command("workspaces", "trunkline.cli.workspaces:app", "Make workspaces, and set their budgets and members."),
    Command("byok", "trunkline.cli.byok:app", "Bring an account's own keys at providers."),
    Command("members", "trunkline.cli.members:app", "Add, list and remove members."),
    Command("account", "trunkline.cli.account:app", "Make accounts, and set what each restricts."),
    Command(
        "explain",
        "trunkline.cli.explain:explain",
        "Explain why a key sees a model or does not.\n\nExample: `trunkline explain ci openai/gpt-4`",
    ),
    Command(
        "audit",
        "trunkline.cli.audit:audit",
        "List who changed what, when and from where.\n\nExample: `trunkline audit --noun guardrail --limit 10`",
    ),
    Command("db", "trunkline.cli.db:app", "Upgrade, back up and check the store."),
    Command("config", "trunkline.cli.config:config", "Show the effective settings and where each came from."),
    Command("version", "trunkline.cli.version:version", "Print the version."),
)


def main() -> None:
    """Run the command line of this process and exit with its code."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Run one command line and return its exit code: 0, 1 for a failure, 2 for wrong usage or settings."""
    try:
        code = _dispatch(arguments)
        sys.stdout.flush()
    except BrokenPipeError:
        # The reader went away, `| head` for one. Python would complain again when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BROKEN_PIPE
    except KeyboardInterrupt:
        return INTERRUPTED
    except TrunklineError as error:
        return _refuse(error.message, USAGE if isinstance(error, SettingsError) else FAILED)
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        return _refuse(f"{where}{error.strerror or error}", FAILED)
    return code


def _dispatch(arguments: Sequence[str]) -> int:
    if list(arguments) in (["version"], ["--version"]):
        # Answered before the libraries are loaded: in a few milliseconds, and on a bare install too.
        from trunkline.cli.version import version

        version()
        return 0
    try:
        return _call(arguments)
    except ImportError as error:
        # cyclopts wraps what a command's module could not import.
        missing = error.__cause__ if isinstance(error.__cause__, ModuleNotFoundError) else error
        if not missing.name or missing.name.startswith("trunkline"):
            raise
        return _refuse(f"this command needs more packages ({missing.name}): pip install 'trunkline[server]'", USAGE)


def _call(arguments: Sequence[str]) -> int:
    from cyclopts import App, CycloptsError

    app = App("trunkline", help="The OpenRouter API on your own machines.", suppress_keyboard_interrupt=False)
    app.version_flags = ()
    for command in COMMANDS:
        app.command(command.target, name=command.name, help=command.help)
    try:
        result: Any = app(
            arguments, exit_on_error=False, print_error=False, result_action="return_int_as_exit_code_else_zero"
        )
    except CycloptsError as error:
        return _refuse(str(error), USAGE)
    return int(result)


def _refuse(message: str, code: int) -> int:
    print("trunkline:", " ".join(message.split()), file=sys.stderr)  # noqa: T201
    return code
