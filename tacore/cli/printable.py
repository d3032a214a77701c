"""What others wrote, made harmless for a terminal."""


def printable(text: str) -> str:
    """Replace what a terminal would act upon."""
    if text.isprintable():
        return text
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in text)
