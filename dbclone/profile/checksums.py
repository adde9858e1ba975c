"""Checksums of numbers that people carry: payment cards (Luhn) and IBANs (ISO 13616).

Takes a text, gives a verdict or the missing digits. Pure.
"""

from __future__ import annotations

import re


def luhn_digit(digits: str) -> str:
    """The check digit that makes ``digits`` plus it a valid Luhn number."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return str(-total % 10)


def is_card(text: str) -> bool:
    digits = re.sub(r"[ -]", "", text)
    return digits.isdecimal() and 13 <= len(digits) <= 19 and luhn_digit(digits[:-1]) == digits[-1]


def iban_check(country: str, account: str) -> str:
    """The two check digits of an IBAN of ``country`` and ``account``."""
    return f"{98 - _mod97(account + country + '00'):02d}"


def is_iban(text: str) -> bool:
    plain = text.replace(" ", "").upper()
    return re.fullmatch(r"[A-Z]{2}\d\d[A-Z0-9]{11,30}", plain) is not None and _mod97(plain[4:] + plain[:4]) == 1


def _mod97(text: str) -> int:
    return int("".join(str(int(sign, 36)) for sign in text)) % 97
