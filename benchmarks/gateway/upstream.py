"""The provider behind every gateway, and nginx in front of it: one core answers and sends, the other passes on."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks.machine import LOAD_CORE, SERVER_CORE, WORK, pinned
from benchmarks.servers import Server, free_port, running

ANSWER = {
    "id": "chatcmpl-1",
    "object": "chat.completion",
    "created": 1700000000,
    "model": "gpt-4",
    "choices": [
        {
            "index": 0,
            "message": {"role": "assistant", "content": "Hello! How can I help you today?"},
            "logprobs": None,
            "finish_reason": "stop",
        }
    ],
    "usage": {"prompt_tokens": 9, "completion_tokens": 9, "total_tokens": 18},
}
_CONF = """
worker_processes 1; daemon off; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{ worker_connections 4096; }}
http {{
  access_log off; keepalive_requests 1000000000; keepalive_timeout 1h; default_type application/json;
  client_body_temp_path {folder}/t1; proxy_temp_path {folder}/t2; fastcgi_temp_path {folder}/t3;
  uwsgi_temp_path {folder}/t4; scgi_temp_path {folder}/t5;
  {more}
}}
"""
_ANSWERS = "server {{ listen 127.0.0.1:{port}; location / {{ return 200 '{answer}'; }} }}"
_PASSES = """
  upstream provider {{ server 127.0.0.1:{behind}; keepalive 128; keepalive_requests 1000000000; }}
  server {{
    listen 127.0.0.1:{port};
    location / {{ proxy_pass http://provider; proxy_http_version 1.1; proxy_set_header Connection ""; }}
  }}
"""


@contextmanager
def provider() -> Iterator[Server]:
    """Run nginx on the core of the load, which answers every request with one small completion."""
    port = free_port()
    with _nginx(LOAD_CORE, port, _ANSWERS.format(port=port, answer=json.dumps(ANSWER))) as server:
        yield server


@contextmanager
def passing(behind: Server) -> Iterator[Server]:
    """Run nginx on the core of the servers, which passes requests on over connections that it keeps."""
    port = free_port()
    with _nginx(SERVER_CORE, port, _PASSES.format(port=port, behind=behind.port)) as server:
        yield server


@contextmanager
def _nginx(core: int, port: int, more: str) -> Iterator[Server]:
    folder = WORK / f"nginx-{port}"
    folder.mkdir(parents=True)
    for place in (folder, *folder.parents):
        if os.geteuid() == 0 and place.is_relative_to(WORK):
            place.chmod(0o755)  # the worker is not root
    conf = folder / "nginx.conf"
    conf.write_text(_CONF.format(folder=folder, more=more))
    command = pinned(core, "nginx", "-e", folder / "error.log", "-c", conf)
    try:
        with running(command, WORK / "nginx.log") as pid:
            server = Server(port, pid)
            server.wait("/")
            yield server
    finally:
        shutil.rmtree(folder)
