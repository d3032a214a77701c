"""The lines above everything."""

from textual.widgets import Static

from tacore.tui import headline
from tacore.tui.snapshot import Snapshot
from tacore.tui.widgets.tones import content

MOST = 3
"""So many reasons are shown; there is a note of the others."""


class Headline(Static):
    """Shows how the service is; red where money is real."""

    def put(self, snapshot: Snapshot) -> None:
        """Show another moment."""
        wrong = headline.second(snapshot)
        self.set_class(snapshot.live, "-live")
        self.update(content([headline.first(snapshot), *wrong[:MOST]]))
