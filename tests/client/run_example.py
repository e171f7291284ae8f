"""Run by a client's own Python: executes the example on stdin as it is, then tells of its `res`.

An official client has no way to be sent elsewhere in these examples, so only its table of servers is replaced.
"""

import importlib
import json
import sys

package, url = sys.argv[1:]
if package == "openrouter":
    configuration = importlib.import_module("openrouter.sdkconfiguration")
    configuration.SERVERS[configuration.SERVER_PRODUCTION] = url

names = {"__name__": "__main__"}
exec(compile(json.load(sys.stdin), "example.py", "exec"), names)
res = names["res"]
if hasattr(res, "count"):
    shown = res.count
else:
    data = res.data
    shown = [row.id for row in data] if isinstance(data, list) else getattr(data, "id", None) or data.count
print(json.dumps({"shown": shown, "components": importlib.import_module(f"{package}.components").__name__}))
