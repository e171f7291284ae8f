"""Second looks at what expressions found, for what they cannot say: check digits, neighbours, real addresses."""

from __future__ import annotations

import ipaddress
from typing import Final

FEWEST_PHONE_DIGITS: Final = 9
_DIGITS: Final = frozenset(b"0123456789")
_WORD: Final = frozenset(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz")


def phone(text: bytes, start: int, stop: int) -> tuple[int, int] | None:
    """Take a number with enough digits that does not go on from a word before it."""
    before = text[start - 1] if start else None
    digits = sum(byte in _DIGITS for byte in text[start:stop])
    return None if before in _WORD or digits < FEWEST_PHONE_DIGITS else (start, stop)


def card(text: bytes, start: int, stop: int) -> tuple[int, int] | None:
    """Take a card's number whose check digit is right (ISO/IEC 7812-1, annex B)."""
    digits = [byte - 48 for byte in reversed(text[start:stop]) if byte in _DIGITS]
    doubled = (digit * 2 - 9 if digit > 4 else digit * 2 for digit in digits[1::2])
    return (start, stop) if (sum(digits[::2]) + sum(doubled)) % 10 == 0 else None


def ipv4(text: bytes, start: int, stop: int) -> tuple[int, int] | None:
    """Take four numbers that are not part of more than four."""
    before = text[start - 1 : start] == b"." and text[start - 2 : start - 1].isdigit()
    after = text[stop : stop + 1] == b"." and text[stop + 1 : stop + 2].isdigit()
    return None if before or after else (start, stop)


def ipv6(text: bytes, start: int, stop: int) -> tuple[int, int] | None:
    """Take what is an address by itself; `::` alone is rather something of a programming language."""
    around = (text[start - 1] if start else None, text[stop] if stop < len(text) else None)
    if any(byte in _WORD or byte == ord(":") for byte in around if byte is not None) or stop - start < len("::1"):
        return None
    try:
        ipaddress.IPv6Address(text[start:stop].decode())
    except ValueError:
        return None
    return start, stop
