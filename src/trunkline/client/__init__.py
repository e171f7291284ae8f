"""The client. `asynchronous` holds the source of the calls, `synchronous` their twins made by scripts/unasync.py."""
