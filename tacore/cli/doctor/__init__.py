"""`tacore doctor`: what is wrong with a service and its home, and what to do about it."""

from tacore.cli.doctor.command import app

__all__ = ["app"]
