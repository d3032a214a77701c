"""`tacore check`: the service as a monitoring system asks for it, by the Nagios plugins' rules."""

from tacore.cli.check.command import VALUED, run

__all__ = ["VALUED", "run"]
