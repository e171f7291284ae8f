"""Runs TensorZero's gateway in its own environment: python tensorzero_gateway.py CONFIG FILE, its port goes to FILE.

The package starts the gateway, a Rust HTTP server, inside the process for OpenAI clients that it patches; this is the
function behind that.
"""

import sys
import threading
from pathlib import Path
from urllib.parse import urlsplit

from tensorzero import _start_http_gateway  # type: ignore[import-not-found]

gateway = _start_http_gateway(
    config_file=sys.argv[1], clickhouse_url=None, postgres_url=None, valkey_url=None, async_setup=False
)
Path(sys.argv[2]).write_text(str(urlsplit(gateway.base_url).port))
threading.Event().wait()
