"""Articles that loopback vendors send: every seven hours one, the last after the standing present."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from tests.support.vendors import tape

EVERY = timedelta(hours=7)


@dataclass(frozen=True)
class Article:
    """One article; its number tells it from others, the higher the older, and that of 0 is to come."""

    number: int
    published: datetime

    @property
    def title(self) -> str:
        """Its title."""
        return f"Title {self.number} & more"


def articles(many: int) -> list[Article]:
    """Give the newest, in no order of time."""
    first = tape.PRESENT + timedelta(minutes=5)
    made = [Article(number, first - number * EVERY) for number in range(many)]
    return made[1::2] + made[::2]
