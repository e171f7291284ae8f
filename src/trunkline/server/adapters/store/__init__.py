"""Where the catalogue's facts are kept: SQL tables, their migrations, and the port's implementation over them.

Nothing is imported here, because SQLAlchemy takes 0.3 s: import `store.catalog` where a store is opened.
"""
