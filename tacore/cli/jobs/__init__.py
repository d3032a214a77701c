"""`tacore jobs`, and following a job wherever a command waits for one."""

from tacore.cli.jobs.command import COMMANDS, FLAGS, VALUED, run

__all__ = ["COMMANDS", "FLAGS", "VALUED", "run"]
