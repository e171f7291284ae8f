"""The calls as they are written; their blocking twins are made from these files."""
