"""The types that parameters and results are described with: absent, null, and words that the API may add to."""

from __future__ import annotations

from trunkline.types.unset import UNSET, Nullable, OptionalNullable, UnrecognizedInt, UnrecognizedStr, Unset

__all__ = ["UNSET", "Nullable", "OptionalNullable", "UnrecognizedInt", "UnrecognizedStr", "Unset"]
