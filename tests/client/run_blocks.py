"""Runs the code blocks that stdin lists, each by itself, with warnings as errors; prints what each wrote."""

import contextlib
import io
import json
import sys
import warnings

warnings.simplefilter("error")
written = []
for block in json.load(sys.stdin):
    with contextlib.redirect_stdout(io.StringIO()) as out:
        exec(compile(block, "client.md", "exec"), {"__name__": "__main__"})
    written.append(out.getvalue())
print(json.dumps(written))
