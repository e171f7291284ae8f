"""Alembic's folder of migrations; `schema.py` runs them."""
