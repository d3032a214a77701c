"""tacore: a trading-agent core service over ZeroMQ, and the toolkit that operates it."""

__version__ = "0.1.0"
