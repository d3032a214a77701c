"""The desk: calls, prices, the gate, the ledger and the venues brought together on one thread."""

from tacore.execution.desk.config import Account, Setup, set_up
from tacore.execution.desk.desk import Desk

__all__ = ["Account", "Desk", "Setup", "set_up"]
