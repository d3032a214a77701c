"""`tacore agents`: report, doctor."""

from tacore.cli.agents.doctor import doctor
from tacore.cli.agents.report import report
from tacore.cli.app import group

__all__ = ["app"]

app = group("Teams of LLM agents: what a job came to, and whether jobs can run.")
app.command()(report)
app.command()(doctor)
