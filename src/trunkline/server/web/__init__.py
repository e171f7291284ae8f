"""The web interface: pages made on the server from use cases, with small scripts on top (docs/decisions/0008)."""
