"""Number a market's bars of one timeframe, so that any range of them is had without the ones before."""

from dataclasses import dataclass
from datetime import datetime

from tacore.market.hours import Hours
from tacore.market.timeframes import MINUTES


@dataclass(frozen=True, slots=True)
class BarGrid:
    """Bars come in groups: the bars of one session, or the one bar of a week.

    ``starts`` and ``stops`` are minutes within a group, counted over its sessions.
    """

    hours: Hours
    sessions: int
    starts: tuple[int, ...]
    stops: tuple[int, ...]

    def ended_by(self, moment: datetime) -> int:
        """Give the number of the first bar that had not ended by a moment."""
        session, traded = self.hours.elapsed(moment)
        group, before = divmod(session, self.sessions)
        reached = before * self.hours.minutes + traded
        return group * len(self.stops) + sum(stop <= reached for stop in self.stops)

    def end(self, number: int) -> tuple[datetime, str]:
        """Give when a bar ended (UTC), and the date of the session it ended in."""
        group, place = divmod(number, len(self.stops))
        sessions, traded = divmod(self.stops[place] - 1, self.hours.minutes)
        session = self.hours.session(group * self.sessions + sessions)
        return self.hours.ended(session, traded + 1), session.isoformat()


def bar_grid(hours: Hours, timeframe: str) -> BarGrid:
    """Give the grid of a timeframe: 1m to 1h within sessions, 1d one a session, 1w from Monday on."""
    sessions = hours.sessions_per_week if timeframe == "1w" else 1
    total = sessions * hours.minutes
    starts = hours.edges(MINUTES[timeframe]) if timeframe in MINUTES else [0]
    return BarGrid(hours, sessions, tuple(starts), (*starts[1:], total))
