# ruff: noqa: INP001, S603, T201 - run by path, runs our own ruff, and talks to people
"""Makes the client's blocking twins from the files that are awaited: `python scripts/unasync.py [--check]`.

Only words are replaced, and `async` and `await` dropped; ruff then puts lines and imports in order.
"""

from __future__ import annotations

import io
import subprocess
import sys
import sysconfig
import tokenize
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "src" / "trunkline"
RUFF = Path(sysconfig.get_path("scripts")) / "ruff"

PAIRS = {
    PACKAGE / "operations" / "async_pages.py": PACKAGE / "operations" / "pages.py",
    **{
        source: PACKAGE / "client" / "synchronous" / source.name
        for source in sorted((PACKAGE / "client" / "asynchronous").glob("*.py"))
        if source.name != "__init__.py"
    },
}
"""Each source with its twin."""

WORDS = {
    "AsyncIterator": "Iterator",
    "AsyncModelsPage": "ModelsPage",
    "async_pages": "pages",
    "__aiter__": "__iter__",
    "asyncio": "time",
    "Client": "SyncClient",
    "ClientBuilder": "SyncClientBuilder",
}
"""What is called otherwise in the twin; names with `_async` at their end lose it, other `async` becomes `sync`."""

PHRASES = {
    "that are awaited": "that block",
    "that wait without blocking the event loop": "that block the thread",
}
"""What docstrings say otherwise in the twin."""


def word(name: str) -> str:
    """Return a name as the twin has it."""
    if name in WORDS:
        return WORDS[name]
    return name.removesuffix("_async").replace("Async", "Sync").replace("async", "sync")


def twin(source: str, name: str) -> str:
    """Return the twin of a source text; `name` is the source's file name."""
    kept: list[tokenize.TokenInfo] = []
    shift = row = 0
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.start[0] != row:
            row, shift = token.start[0], 0
        start, end = (row, token.start[1] + shift), (token.end[0], token.end[1] + shift)
        text = token.string
        if token.type == tokenize.NAME and text in ("async", "await"):
            shift -= len(text) + 1
            continue
        if token.type == tokenize.NAME:
            text = word(text)
        elif token.type == tokenize.STRING:
            for phrase, other in PHRASES.items():
                text = text.replace(phrase, other)
        if token.start[0] == token.end[0]:
            grown = len(text) - len(token.string)
            shift += grown
            end = (end[0], end[1] + grown)
        kept.append(token._replace(string=text, start=start, end=end, line=""))
    text = f"# Made from {name} by scripts/unasync.py: change that file and run it.\n{tokenize.untokenize(kept)}"
    # `import asyncio` has become a second `import time`.
    lines = text.splitlines(keepends=True)
    text = "".join(line for at, line in enumerate(lines) if line != "import time\n" or line not in lines[:at])
    for command in (["check", "--fix", "--quiet", "--unsafe-fixes", "--select", "I,UP028"], ["format"]):
        text = subprocess.run(
            [RUFF, *command, "--stdin-filename", str(PACKAGE / "twin.py"), "-"],
            input=text,
            capture_output=True,
            text=True,
            check=True,
            cwd=ROOT,
        ).stdout
    return text


def main(arguments: list[str]) -> int:
    """Write the twins, or with --check only tell which differ. Returns 1 where one does."""
    stale = []
    for source, target in PAIRS.items():
        text = twin(source.read_text(), f"{source.parent.name}/{source.name}")
        if not target.exists() or target.read_text() != text:
            stale.append(str(target.relative_to(ROOT)))
            if "--check" not in arguments:
                target.write_text(text)
    for name in stale:
        print("differs:" if "--check" in arguments else "written:", name)
    return 1 if stale and "--check" in arguments else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
