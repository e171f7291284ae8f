"""The blocking twins of `asynchronous`, made by scripts/unasync.py."""
