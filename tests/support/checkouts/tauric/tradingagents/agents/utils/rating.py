"""Reads a rating out of a text; a text without one is a Hold."""

import re

WORDS = r"(buy|overweight|hold|underweight|sell)"


def parse_rating(text: str, default: str = "Hold") -> str:
    named = re.search(rf"rating\W*?(?:strong )?{WORDS}\b", text, re.IGNORECASE)
    found = named or re.search(rf"\b{WORDS}\b", text, re.IGNORECASE)
    return found[1].capitalize() if found else default
