"""Run by the client's own Python: executes the code on stdin as it is, then says what its `res` was.

Only the client's table of servers is another one.
"""

import json
import sys

from openrouter import sdkconfiguration

sdkconfiguration.SERVERS[sdkconfiguration.SERVER_PRODUCTION] = sys.argv[1]

names = {"__name__": "__main__"}
exec(compile(json.load(sys.stdin), "example.py", "exec"), names)
res = names["res"]
print(json.dumps({"type": type(res).__name__, "answer": res.model_dump(mode="json", by_alias=True)}))
